"""A client that gives an upstream no time says nothing about the upstream."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

TIMES = 12
"""More failures than open the breaker, and eject both instances."""
SLOW = 0.4
POLICIES = """
[defaults]
authenticate = "none"
secure = false

[resilience.default]
breaker = { minimum = 5, failure_rate = 0.5, open_seconds = 0.2, longest_open = 0.2, probes = 1 }
ejection = { failures = 3, seconds = 0.5, longest = 0.5 }
timeouts = { connect = 10, read = PATIENCE }
"""


def slow(request: Received) -> bytes:
    time.sleep(SLOW)
    return answer()


def drip(request: Received) -> bytes:
    """Never silent for long, and never done in time."""
    request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
    for _ in range(8):
        request.wire.sendall(b"x")
        time.sleep(0.05)
    return b""


class Waiting:
    """A facade over two slow instances. `patience`: how long it waits by itself, in seconds."""

    def __init__(self, folder: Path, patience: float) -> None:
        folder.mkdir()
        (folder / "policies.toml").write_text(POLICIES.replace("PATIENCE", str(patience)))
        self.instances = [ScriptedUpstream(slow, feed=feed(1, "monolith")).start() for _ in range(2)]
        urls = ",".join(one.url for one in self.instances)
        own = {"MONOLITH_URL": urls, "FACADE_POLICIES": str(folder / "policies.toml"), "FACADE_RETRY_DEADLINE": "0.1"}
        self.entrance = Entrance(self.instances[0], folder / "var", own).start()

    def stop(self) -> None:
        self.entrance.stop()
        for one in self.instances:
            one.stop()

    def unwell(self) -> tuple[float, float]:
        """Breakers that are not closed, instances that were ejected."""
        return gauge(self.entrance, "breakers_open"), gauge(self.entrance, "ejections_total")


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Waiting]:
    made = Waiting(tmp_path / "patient", 10)
    yield made
    made.stop()


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Waiting]:
    made = Waiting(tmp_path / "impatient", SLOW / 4)
    yield made
    made.stop()


@pytest.mark.parametrize("script", [slow, drip])
def test_a_client_without_time_opens_no_breaker_and_ejects_nobody(patient: Waiting, script: object) -> None:
    """Otherwise anybody could have an upstream left alone; who has time is answered all along."""
    for one in patient.instances:
        one.script = script  # type: ignore[assignment]
    for _ in range(TIMES):
        assert patient.entrance.ask("GET", "/x", Banyan_Timeout="50").status == 504
    assert patient.unwell() == (0, 0)
    assert patient.entrance.ask("GET", "/x").status == 200


def test_the_same_silence_counts_when_it_is_ours(impatient: Waiting) -> None:
    """What the facade itself would not wait for speaks against the upstream, until it is quick again."""
    for _ in range(TIMES):
        assert impatient.entrance.ask("GET", "/x").status in (503, 504)
    breakers, ejections = impatient.unwell()
    assert breakers == 1
    assert ejections >= 1
    for one in impatient.instances:
        one.script = lambda request: answer()
    until(lambda: impatient.entrance.ask("GET", "/x").status == 200)
    until(lambda: gauge(impatient.entrance, "breakers_open") == 0)


def test_a_connection_is_waited_for_no_longer_than_its_client_waits(
    unreachable: ScriptedUpstream, tmp_path: Path, monolith: ScriptedUpstream
) -> None:
    """Nothing was sent, which says nothing about the upstream either."""
    (tmp_path / "policies.toml").write_text(POLICIES.replace("PATIENCE", "10"))
    own = {"FACADE_POLICIES": str(tmp_path / "policies.toml")}
    entrance = Entrance(monolith, tmp_path / "var", own).start()
    try:
        entrance.route("service", epoch=1, services=[unreachable])
        for _ in range(TIMES):
            began = time.monotonic()
            reply = entrance.ask("POST", "/api/v1/users/me", b"{}", Banyan_Timeout="100")
            assert reply.status in (503, 504)  # unreachable, or a last attempt for which there was no time
            assert reply.json()["detail"].startswith("nothing was executed")
            assert time.monotonic() - began < 2
        assert gauge(entrance, "breakers_open") == 0
    finally:
        entrance.stop()
