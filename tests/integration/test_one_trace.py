"""One trace from the entrance to the service: a facade and a users service, each a process, with one collector."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.embedded import Cluster
from tests.collector import Collector
from tests.contract.users_v1.servers import SERVERS, TOKEN, running
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream

ME = "/api/v1/users/me"
NEVER = "600000"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector().start()
    yield collector
    collector.stop()


def test_service_goes_on_with_the_trace_of_the_entrance(cluster: Cluster, collector: Collector, tmp_path: Path) -> None:
    """The service's span is the child of the attempt that asked it; it is exported before its process ends, at the latest."""
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": NEVER}
    with running(SERVERS["service"], cluster, **named) as users:
        state = {"phase": "extracted", "epoch": 1, "read_percent": 0, "shadow_percent": 0, "services": [users]}
        monolith = ScriptedUpstream(feed={"version": 1, "contexts": {"users": state}}).start()
        own = {**named, "FACADE_TRACE_RATIO": "1", "BANYAN_INTERNAL_TOKEN": TOKEN}
        entrance = Entrance(monolith, tmp_path, own).start()
        try:
            until(lambda: entrance.ask("GET", "/readyz").json()["version"] == 1)
            asked = entrance.ask("GET", ME)
            unsampled = entrance.ask("GET", ME, Traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
        finally:
            entrance.stop()
            monolith.stop()
        assert (asked.status, unsampled.status) == (401, 401)
    assert len({span.trace for span in collector.spans}) == 1
    server, client, served = sorted(collector.spans, key=lambda span: span.started)
    assert [(span.service, span.kind) for span in (server, client, served)] == [
        ("facade", "SERVER"),
        ("facade", "CLIENT"),
        ("users", "SERVER"),
    ]
    assert (client.parent, served.parent) == (server.id, client.id)
    assert (served.name, served["http.response.status_code"]) == ("GET /api/v1/users/me", 401)
    assert served["banyan.request_id"] == server["banyan.request_id"]
