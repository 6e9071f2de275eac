"""Restarts under load: what a load balancer's clients notice of them, and what is left of a facade that is killed."""

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import valkey as client_library

from chassis.registry.announcer import Announcer
from chassis.registry.living import drain
from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, Reply, feed, until
from tests.integration.facade.load import Balancer, Traffic, alive, announced, children, workers
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

ME = "/api/v1/users/me"
_WORK_SECONDS = 0.03
_ENOUGH = 40
"""So many requests past an instance show that none of the facades chooses it any more."""


def work(request: Received) -> bytes:
    """Takes a moment, so that restarts meet requests that are under way."""
    time.sleep(_WORK_SECONDS)
    return answer(b"service")


@dataclass
class Platform:
    """Three facades in front of three services, which are found by the registry alone."""

    valkey: TestValkey
    monolith: ScriptedUpstream
    facades: list[Entrance]
    services: list[ScriptedUpstream] = field(default_factory=lambda: [ScriptedUpstream(work).start() for _ in range(3)])
    voices: list[Announcer] = field(default_factory=list)

    def start(self) -> "Platform":
        self.monolith.feed = feed(1, "service", epoch=1)
        self.voices = [announced(service, self.valkey.url) for service in self.services]
        with ThreadPoolExecutor() as pool:
            list(pool.map(Entrance.start, self.facades))
        for facade in self.facades:
            until(lambda facade=facade: facade.ask("GET", ME).body == b"service")  # type: ignore[misc]
        for service in self.services:
            service.received.clear()
        self.monolith.received.clear()
        return self

    def stop(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Entrance.stop, self.facades))
        for voice in self.voices:
            voice.withdraw()
        for service in self.services:
            service.stop()

    def executed(self) -> Counter[bytes]:
        """How often each POST was executed."""
        return Counter(request.body for service in self.services for request in service.received if request.method == "POST")

    def restart_service(self, number: int) -> None:
        """As a deployment does it: order it to drain, end it once nothing comes any more, start a new one in its place."""
        service = self.services[number]
        with client_library.Valkey.from_url(self.valkey.url) as client:
            assert drain(client, service.url, 10) == []
        others = [other for other in self.services if other is not service]

        def passed_by() -> bool:
            mine, theirs = len(service.received), sum(len(other.received) for other in others)
            until(lambda: len(service.received) > mine or sum(len(other.received) for other in others) > theirs + _ENOUGH)
            return len(service.received) == mine

        until(passed_by)
        self.voices[number].withdraw()
        service.stop()
        service.start()
        self.voices[number] = announced(service, self.valkey.url)
        before = len(service.received)
        until(lambda: len(service.received) > before)


@pytest.fixture
def platform(own_valkey: TestValkey, tmp_path: Path) -> Iterator[Platform]:
    monolith = ScriptedUpstream(lambda request: answer(b"monolith")).start()
    own = {"VALKEY_URL": own_valkey.url, "FACADE_LAME_DUCK": ""}  # the default must hold the promise
    made = Platform(own_valkey, monolith, [Entrance(monolith, tmp_path / str(number), own) for number in range(3)])
    yield made.start()
    made.stop()
    monolith.stop()


@pytest.fixture
def single(tmp_path: Path) -> Iterator[tuple[Entrance, ScriptedUpstream]]:
    """One facade, with one worker, in front of a monolith."""
    monolith = ScriptedUpstream(work, feed=feed(1, "monolith")).start()
    policies = tmp_path / "policies.toml"
    policies.write_text('[defaults]\nauthenticate = "none"\n[resilience.default.timeouts]\nread = 10\n')
    entrance = Entrance(monolith, tmp_path, {"FACADE_LAME_DUCK": "0.2", "FACADE_POLICIES": str(policies)}).start()
    yield entrance, monolith
    if entrance.process is not None and entrance.process.poll() is None:
        entrance.stop()
    monolith.stop()


def test_rolling_restart_of_everything_fails_no_request(platform: Platform) -> None:
    """All facades and all services, one after another, under steady reads and writes: every request is answered with 200, and
    every write was executed exactly once.
    """
    balancer = Balancer([facade.port for facade in platform.facades]).start()
    try:
        with Traffic(balancer, ME, clients=8) as traffic:
            for facade in platform.facades:
                facade.stop()
                facade.start()
                until(lambda facade=facade: facade.port not in balancer.away)  # type: ignore[misc]
            for number in range(len(platform.services)):
                platform.restart_service(number)
    finally:
        balancer.stop()
    assert traffic.failed == []
    assert traffic.statuses.keys() == {200}
    assert platform.executed() == Counter(traffic.written)
    assert len(traffic.written) > 100
    assert platform.monolith.received == []


def test_what_is_under_way_is_answered_before_the_end(single: tuple[Entrance, ScriptedUpstream]) -> None:
    """While it drains nobody is let in any more, but a request that was let in before gets its answer."""
    entrance, monolith = single
    assert entrance.process is not None
    told = threading.Event()

    def late(request: Received) -> bytes:
        told.wait(10)
        return answer(b"late")

    monolith.script = late
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(entrance.ask, "POST", "/x", b"{}")
        until(lambda: monolith.received)
        entrance.process.send_signal(signal.SIGTERM)
        until(lambda: entrance.ask("GET", "/readyz").status == 503)
        until(lambda: not accepts(entrance))
        told.set()
        reply: Reply = asked.result(10)
    assert (reply.status, reply.body, reply.header("connection")) == (200, b"late", "close")
    assert entrance.process.wait(10) == 0


def test_a_connection_that_is_made_while_it_is_a_lame_duck_is_told_to_close(single: tuple[Entrance, ScriptedUpstream]) -> None:
    """A balancer that has not noticed yet is answered, and is not kept: it would lose a request when the end comes."""
    entrance, monolith = single
    entrance.stop()
    monolith.reset()
    entrance.environment["FACADE_LAME_DUCK"] = "10"
    entrance.start()
    assert entrance.process is not None
    assert entrance.ask("GET", "/x").header("connection") is None
    entrance.process.send_signal(signal.SIGTERM)
    until(lambda: entrance.ask("GET", "/readyz").status == 503)
    reply = entrance.ask("POST", "/x", b"{}")
    assert (reply.status, reply.header("connection")) == (200, "close")
    entrance.process.send_signal(signal.SIGINT)
    assert entrance.process.wait(5) == 0, "who is in a hurry waits for no balancer"


def test_a_connection_that_is_kept_is_told_to_close_by_a_lame_duck(single: tuple[Entrance, ScriptedUpstream]) -> None:
    """Its next answer says so, so that no request is on its way to a socket that closes."""
    entrance, monolith = single
    entrance.stop()
    monolith.reset()
    entrance.environment["FACADE_LAME_DUCK"] = "10"
    entrance.start()
    assert entrance.process is not None
    kept = entrance.connection()
    answers = []
    for _ in range(2):
        kept.request("GET", "/x")
        response = kept.getresponse()
        response.read()
        answers.append((response.status, response.getheader("connection")))
        entrance.process.send_signal(signal.SIGTERM)
        until(lambda: entrance.ask("GET", "/readyz").status == 503)
    kept.close()
    assert answers == [(200, None), (200, "close")]
    entrance.process.send_signal(signal.SIGINT)
    assert entrance.process.wait(5) == 0


def test_an_interrupt_ends_at_once_and_cuts_nothing(single: tuple[Entrance, ScriptedUpstream]) -> None:
    """Ctrl-C is no restart: nobody is waited for but what is under way, which is answered."""
    entrance, monolith = single
    entrance.stop()
    entrance.environment["FACADE_LAME_DUCK"] = "60"
    entrance.start()
    assert entrance.process is not None
    told = threading.Event()

    def late(request: Received) -> bytes:
        told.wait(10)
        return answer(b"late")

    monolith.script = late
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(entrance.ask, "POST", "/x", b"{}")
        until(lambda: monolith.received)
        entrance.process.send_signal(signal.SIGINT)
        until(lambda: not accepts(entrance))
        told.set()
        assert asked.result(10).body == b"late"
    assert entrance.process.wait(5) == 0


def test_a_killed_worker_is_replaced_and_the_port_goes_on_accepting(single: tuple[Entrance, ScriptedUpstream]) -> None:
    """Only what it was answering may fail, and no write is executed twice; whoever comes meanwhile waits for its successor."""
    entrance, monolith = single
    balancer = Balancer([entrance.port])
    with Traffic(balancer, "/x") as traffic:
        (killed,) = workers(entrance)
        until(lambda: traffic.statuses[200] > 20)
        os.kill(killed, signal.SIGKILL)
        assert accepts(entrance)
        until(lambda: workers(entrance) not in ([], [killed]))
        before = traffic.statuses[200]
        until(lambda: traffic.statuses[200] > before + 20)
    assert traffic.statuses.keys() <= {200, 0}, "no answer is made up"
    assert traffic.statuses[0] <= 4, "one for each client"
    assert balancer.away == set(), "no connection was refused"
    executed = Counter(request.body for request in monolith.received if request.method == "POST")
    assert max(executed.values()) == 1
    assert set(traffic.written) <= executed.keys()


def test_a_killed_main_process_leaves_no_worker_behind(single: tuple[Entrance, ScriptedUpstream]) -> None:
    """A worker that nobody could end any more would keep the port from the next facade."""
    entrance, _ = single
    assert entrance.process is not None
    left = children(entrance)
    assert len(left) == 2, "a worker, and the process of the admin port"
    entrance.process.kill()
    entrance.process.wait(10)
    until(lambda: not any(map(alive, left)))
    assert not accepts(entrance)
    entrance.start()


def accepts(entrance: Entrance) -> bool:
    """Whether a connection to the port is taken."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", entrance.port), timeout=2):
        return True
    return False
