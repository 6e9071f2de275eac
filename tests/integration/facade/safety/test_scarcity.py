"""A facade that has run out of something says so, blames nobody else for it, and serves on as soon as there is enough again."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.safety.conftest import SHORT, Gauges
from tests.integration.facade.safety.wire import Wire
from tests.integration.facade.scripted import ScriptedUpstream

FREE, ASKING = 20, 10
POLICIES = """
[defaults]
authenticate = "none"
secure = false

[resilience.default]
breaker = { minimum = 5, open_seconds = 10, longest_open = 10 }
"""


@pytest.fixture
def entrance(tmp_path: Path) -> Iterator[Entrance]:
    (tmp_path / "policies.toml").write_text(POLICIES)
    upstream = ScriptedUpstream().start()
    patient = {"FACADE_KEEP_ALIVE": "100", "FACADE_RETRY_DEADLINE": "0.1", "FACADE_POLICIES": str(tmp_path / "policies.toml")}
    entrance = Entrance(upstream, tmp_path / "var", {**SHORT, **patient}).start()
    yield entrance
    entrance.stop()
    upstream.stop()


def test_a_facade_without_sockets_blames_no_upstream(entrance: Entrance) -> None:
    """Its clients have all that there are, and it has none to ask with: requests are refused, and no breaker opens by that."""
    assert entrance.process is not None
    worker = psutil.Process(entrance.process.pid).children()[0]
    Gauges(entrance).settle()
    limit = max(int(each.name) for each in Path(f"/proc/{worker.pid}/fd").iterdir()) + 1 + FREE
    before = worker.rlimit(psutil.RLIMIT_NOFILE)
    worker.rlimit(psutil.RLIMIT_NOFILE, (limit, before[1]))
    with ExitStack() as clients:
        wires = [clients.enter_context(Wire(entrance.port)) for _ in range(ASKING)]
        while worker.num_fds() < limit:
            clients.enter_context(socket.create_connection(("127.0.0.1", entrance.port), timeout=10))
        for wire in wires:
            wire.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            (said,) = wire.answers(1)
            assert said.status == 503
            assert b"urn:banyan:problem:upstream-unreachable" in said.body
    worker.rlimit(psutil.RLIMIT_NOFILE, before)
    until(lambda: worker.num_fds() < limit)
    assert entrance.ask("GET", "/x").status == 200
    assert gauge(entrance, "breaker_transitions_total") == 0
