"""Parts of the platform go down, or become very slow, under load: what fails, what goes on, and that all recovers by itself."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, Reply, feed, until
from tests.integration.facade.load import Balancer, Traffic, gauge
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

ME, ELSEWHERE = "/api/v1/users/me", "/x"
POLICIES = """
[defaults]
authenticate = "optional"
limits = ["1000000/1m per ip"]

[[routes]]
path = "/critical"
priority = "critical"

[[routes]]
path = "/background"
priority = "background"

[resilience.default]
breaker = { minimum = 10, window = 1, open_seconds = 0.2, longest_open = 0.4 }
timeouts = { connect = 0.5, read = 10, replica = 0.4 }
"""


@dataclass
class Platform:
    """A facade with the full pipeline, a monolith, and a service that has the users."""

    entrance: Entrance
    monolith: ScriptedUpstream
    service: ScriptedUpstream
    valkey: TestValkey

    def traffic(self, path: str) -> Traffic:
        return Traffic(Balancer([self.entrance.port]), path, clients=2)


@pytest.fixture
def platform(tmp_path: Path, own_valkey: TestValkey) -> Iterator[Platform]:
    monolith = ScriptedUpstream(lambda request: answer(b"monolith")).start()
    service = ScriptedUpstream(lambda request: answer(b"service")).start()
    monolith.feed = feed(1, "service", epoch=1, services=[service])
    (tmp_path / "policies.toml").write_text(POLICIES)
    own = {
        "VALKEY_URL": own_valkey.url,
        "FACADE_POLICIES": str(tmp_path / "policies.toml"),
        "FACADE_RETRY_DEADLINE": "1",
    }
    entrance = Entrance(monolith, tmp_path / "var", own).start()
    until(lambda: entrance.ask("GET", ME).body == b"service")
    service.received.clear()
    yield Platform(entrance, monolith, service, own_valkey)
    entrance.stop()
    for upstream in (monolith, service):
        upstream.stop()


def more(traffic: Traffic, status: int = 200, least: int = 20) -> None:
    """Wait until so many more requests were answered so."""
    before = traffic.statuses[status]
    until(lambda: traffic.statuses[status] >= before + least)


def test_a_service_that_is_down_fails_its_own_writes_and_nothing_else(platform: Platform) -> None:
    """Its reads are answered by the other side as long as that is current, other paths notice nothing, no write is executed
    twice, and once it is back everything is as before.
    """
    with platform.traffic(ME) as users, platform.traffic(ELSEWHERE) as others:
        more(users)
        platform.service.stop()
        more(users, 503, least=4)
        more(others)
        platform.service.start()
        more(users)
        until(lambda: gauge(platform.entrance, "breakers_open") == 0)
        settled = Counter(users.statuses)
        more(users, least=50)
        assert users.statuses[503] - settled[503] == 0
    assert others.failed == []
    assert users.statuses.keys() <= {200, 502, 503}
    assert users.statuses[502] <= 2, "what was under way when it went down, one for each client"
    assert [failure for failure in users.failed if failure.startswith("GET")] == []
    executed = Counter(request.body for request in platform.service.received if request.method == "POST")
    assert max(executed.values()) == 1
    assert set(users.written) <= executed.keys()


def test_a_short_outage_is_waited_for(platform: Platform) -> None:
    """A service that restarts at once fails no write that comes meanwhile: what was certainly not executed is sent again."""
    platform.service.stop()
    with platform.traffic(ME) as users:
        until(lambda: platform.entrance.event("repeated") > 2)
        platform.service.start()
        more(users)
    assert users.failed == []


def test_without_valkey_and_control_traffic_flows_on(platform: Platform) -> None:
    """Nobody can push routes, share limits or tell positions: what is known holds, also for a facade that starts in that time."""
    with platform.traffic(ME) as users, platform.traffic(ELSEWHERE) as others:
        more(users)
        platform.valkey.stop()
        platform.monolith.feed = None
        try:
            more(users, least=50)
            more(others, least=50)
        finally:
            platform.valkey.start()
        more(users)
    assert (users.failed, others.failed) == ([], [])
    assert platform.monolith.received != []
    assert ME not in {request.target for request in platform.monolith.received}


def test_a_facade_starts_with_the_routes_it_knew_last(platform: Platform) -> None:
    """Control and Valkey are down when it starts: writes still go to who owns them."""
    platform.monolith.feed = None
    platform.valkey.stop()
    try:
        platform.entrance.stop()
        platform.entrance.start()
        assert platform.entrance.ask("POST", ME, b"{}").body == b"service"
    finally:
        platform.valkey.start()


@dataclass
class Narrow:
    """An upstream in which so many requests are worked on at once, each for so many seconds; the others stand in line."""

    seconds: float = 0.001
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(5))

    def __call__(self, request: Received) -> bytes:
        with self.places:
            time.sleep(self.seconds)
        return answer()


RATES = {"/critical": 40, "/normal": 120, "/background": 120}
"""Requests a second; the upstream manages 5000 of them, and 100 when it is slow."""


def test_what_matters_less_is_refused_first_and_all_is_well_again(platform: Platform) -> None:
    """An upstream becomes much slower than what is asked of it: every critical request is answered, also while the limit is being
    found; of the others normal ones rather than background; who is refused is told when to come back; and when the upstream
    recovers, nobody is refused.
    """
    entrance, upstream = platform.entrance, Narrow()
    platform.monolith.script = upstream
    replies: dict[str, Counter[int]] = {path: Counter() for path in RATES}

    def answered(least: int) -> Callable[[], bool]:
        """Whether each kind got so many answers from now on."""
        for statuses in replies.values():
            statuses.clear()
        return lambda: all(statuses.total() >= least for statuses in replies.values())

    def refusal() -> list[Reply]:
        return [reply for reply in [entrance.ask("GET", "/background")] if reply.status == 503]

    with Open(entrance.port, replies, RATES):
        until(answered(30))
        assert {status for statuses in replies.values() for status in statuses} == {200}
        lasting = answered(120)
        upstream.seconds = 0.05
        until(lambda: gauge(entrance, "shed_total") > 0)
        until(lasting, 20)
        share = {path: statuses[200] / statuses.total() for path, statuses in replies.items()}
        kinds = {status for statuses in replies.values() for status in statuses}
        (refused,) = until(refusal)
        upstream.seconds = 0.001

        def none_refused() -> bool:
            before = gauge(entrance, "shed_total")
            until(answered(20), 20)
            return gauge(entrance, "shed_total") == before

        until(none_refused, 20)
    assert kinds == {200, 503}
    assert share["/critical"] == 1.0
    assert 0.7 > share["/normal"] > share["/background"]
    assert refused.header("retry-after") == "1"
    assert refused.json()["type"] == "urn:banyan:problem:overloaded"


def test_a_slow_upstream_takes_nothing_from_the_others(platform: Platform) -> None:
    """The service gets more than it can do, and the rest is refused; requests for the monolith are all answered, at once."""
    platform.service.script = Narrow(0.05)
    replies: dict[str, Counter[int]] = {ME: Counter(), ELSEWHERE: Counter()}
    with Open(platform.entrance.port, replies, {ME: 250, ELSEWHERE: 60}, b"POST"):
        until(lambda: replies[ME][503] > 50, 20)
        others = replies[ELSEWHERE].total()
        until(lambda: replies[ELSEWHERE].total() > others + 60)
    assert replies[ELSEWHERE].keys() == {200}
    assert gauge(platform.entrance, "delayed_total", context="-") == 0


class Open:
    """Clients who come at their rates whatever becomes of those before them; each has a connection of its own."""

    def __init__(self, port: int, replies: dict[str, Counter[int]], rates: dict[str, int], method: bytes = b"GET") -> None:
        self._port = port
        self._replies = replies
        self._rates = rates
        self._method = method
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._over = asyncio.Event()

    def __enter__(self) -> "Open":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for path, rate in self._rates.items():
                group.create_task(self._come(group, path, rate))

    async def _come(self, group: asyncio.TaskGroup, path: str, rate: int) -> None:
        begun = self._loop.time()
        for number in count():
            if self._over.is_set():
                return
            group.create_task(self._ask(path))
            await asyncio.sleep(begun + number / rate - self._loop.time())

    async def _ask(self, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = b"Host: facade\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(b"%b %b HTTP/1.1\r\n%b" % (self._method, path.encode(), lines))
        said = await reader.read()
        writer.close()
        self._replies[path][int(said[9:12])] += 1
