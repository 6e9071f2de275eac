"""One upstream may hold so much of the facade and no more, however little it has to work on: long downloads count as well."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

PLACES = 2
POLICIES = f"""
[defaults]
authenticate = "none"

[resilience.users]
bulkhead = {{ most = {PLACES}, waiting = 0 }}
"""
ME, ELSEWHERE = "/api/v1/users/me", "/x"


@pytest.fixture
def entrance(monolith: ScriptedUpstream, tmp_path: Path) -> Iterator[Entrance]:
    (tmp_path / "policies.toml").write_text(POLICIES)
    own = {"FACADE_POLICIES": str(tmp_path / "policies.toml"), "VALKEY_URL": "", "FACADE_RETRY_DEADLINE": "0.2"}
    made = Entrance(monolith, tmp_path / "var", own).start()
    yield made
    made.stop()


def test_a_full_bulkhead_refuses_what_is_its_own_until_there_is_room(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Two downloads take all places of the users. A third request is told that it was not executed, other paths notice nothing;
    when the downloads are over the users are served as before.
    """
    over = threading.Event()

    def download(request: Received) -> bytes:
        if request.target != "/api/v1/users/long":
            return answer(b"short")
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
        over.wait(20)
        return b"x" * 100_000

    monolith.script = download
    with ThreadPoolExecutor() as pool:
        downloads = [pool.submit(entrance.ask, "GET", "/api/v1/users/long") for _ in range(PLACES)]
        until(lambda: gauge(entrance, "requests_in_flight") == PLACES)
        refused = entrance.ask("POST", ME, b"{}")
        assert (refused.status, refused.json()["type"]) == (503, "urn:banyan:problem:overloaded")
        assert refused.header("retry-after") is not None
        assert entrance.ask("GET", ELSEWHERE).body == b"short"
        over.set()
        assert [len(one.result(20).body) for one in downloads] == [200_000] * PLACES
    until(lambda: gauge(entrance, "requests_in_flight") == 0)
    assert entrance.ask("POST", ME, b"{}").body == b"short"
    assert [request.method for request in monolith.received].count("POST") == 1
