"""Instances that are asked whether they can serve: real sockets, a real registry, clients that notice nothing."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.load import Balancer, Traffic, announced, gauge
from tests.integration.facade.scripted import Drop, Hang, Received, Script, ScriptedUpstream, answer

ME, ELSEWHERE = "/api/v1/users/me", "/x"
CHECKS = "health = { path = '/ready', interval = 0.1, timeout = 1, unhealthy_after = 2, healthy_after = 2 }"
POLICIES = """
[defaults]
authenticate = "none"
secure = false

[resilience.default]
breaker = {{ minimum = 1000000 }}
{default}

[resilience.users]
{users}
"""


@dataclass
class Instance:
    """A service that answers with its number; what it says of itself is `readiness`."""

    number: int
    readiness: Script = lambda request: answer()
    upstream: ScriptedUpstream = field(default_factory=ScriptedUpstream)

    def start(self) -> "Instance":
        self.upstream.script = self._answer
        self.upstream.start()
        return self

    def recover(self) -> None:
        self.readiness = lambda request: answer()

    @property
    def asked(self) -> int:
        """How many requests came, checks not counted."""
        return sum(request.target == ME for request in self.upstream.received)

    def _answer(self, request: Received) -> bytes:
        return self.readiness(request) if request.target == "/ready" else answer(b"%d" % self.number)


def unavailable(request: Received) -> bytes:
    return answer(status="503 Service Unavailable")


def hanging(request: Received) -> bytes:
    raise Hang


def dribbling(request: Received) -> bytes:
    """Never silent for long, and never done."""
    request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        time.sleep(0.02)
        request.wire.sendall(b"x")
    raise Drop


@dataclass
class Platform:
    """A facade, a monolith, and three instances of the users service that the registry tells."""

    entrance: Entrance
    policies: Path
    services: list[Instance]

    def declare(self, default: str = "", users: str = CHECKS) -> None:
        self.policies.write_text(POLICIES.format(default=default, users=users))

    def who(self, times: int = 40) -> Counter[bytes]:
        """Who answers; every request must be answered."""
        replies = [self.entrance.ask("GET", ME) for _ in range(times)]
        assert {reply.status for reply in replies} == {200}
        return Counter(reply.body for reply in replies)

    def instances(self, state: str, context: str = "users") -> float:
        return gauge(self.entrance, f'instances{{context="{context}",state="{state}"}}')

    def panic(self) -> float:
        return gauge(self.entrance, 'panic{context="users"}')

    def log(self) -> str:
        return (self.entrance.var / "facade.log").read_text()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, own_valkey: TestValkey) -> Iterator[Platform]:
    folder: Path = tmp_path_factory.mktemp("health")
    monolith = ScriptedUpstream(lambda request: answer(b"monolith"), feed=feed(1, "service", epoch=1)).start()
    services = [Instance(number).start() for number in range(3)]
    voices = [announced(service.upstream, own_valkey.url) for service in services]
    policies = folder / "policies.toml"
    entrance = Entrance(monolith, folder / "var", {"VALKEY_URL": own_valkey.url, "FACADE_POLICIES": str(policies)})
    made = Platform(entrance, policies, services)
    made.declare()
    entrance.start()
    yield made
    entrance.stop()
    for voice in voices:
        voice.withdraw()
    for upstream in (monolith, *(service.upstream for service in services)):
        upstream.stop()


@pytest.fixture
def platform(running: Platform) -> Platform:
    """All three instances serve, and all are asked."""
    for service in running.services:
        service.recover()
    running.declare()
    until(lambda: running.instances("serving") == 3 and len(running.who(10)) == 3, 20)
    return running


def nobody_asks(platform: Platform, instance: Instance) -> None:
    """Wait until it gets none of 20 requests, and see that it gets none of 60 further ones."""

    def passed_by() -> bool:
        before = instance.asked
        platform.who(20)
        return instance.asked == before

    until(passed_by)
    before = instance.asked
    assert b"%d" % instance.number not in platform.who(60)
    assert instance.asked == before


@pytest.mark.parametrize("readiness", [unavailable, hanging, dribbling])
def test_an_instance_that_cannot_serve_gets_no_new_requests(platform: Platform, readiness: Script) -> None:
    """Its socket still accepts, and its requests would be answered. It is left alone, comes back by itself once it says that it
    can serve, and no client sees an error meanwhile.
    """
    bad = platform.services[1]
    with Traffic(Balancer([platform.entrance.port]), ME, clients=2) as traffic:
        bad.readiness = readiness
        until(lambda: platform.instances("unhealthy") == 1, 20)
        nobody_asks(platform, bad)
        assert (platform.instances("serving"), platform.panic()) == (2, 0)
        bad.recover()
        until(lambda: platform.instances("serving") == 3, 20)
        until(lambda: len(platform.who()) == 3)
    assert traffic.failed == []
    assert f"{bad.upstream.url} of users fails its checks: " in platform.log()


def test_with_all_unhealthy_traffic_still_flows(platform: Platform) -> None:
    """Checks that fail everywhere are not believed: all are asked, and it is said. The first to recover is asked alone."""
    with Traffic(Balancer([platform.entrance.port]), ME, clients=2) as traffic:
        for service in platform.services:
            service.readiness = unavailable
        until(lambda: platform.panic() == 1, 20)
        until(lambda: platform.instances("unhealthy") == 3, 20)
        until(lambda: len(platform.who()) == 3)
        platform.services[2].recover()
        until(lambda: platform.panic() == 0, 20)
        for service in platform.services[:2]:
            nobody_asks(platform, service)
    assert traffic.failed == []
    assert "all instances of users fail their checks; they are asked all the same" in platform.log()
    until(lambda: "not all instances of users fail their checks any more" in platform.log())


def test_checks_are_declared_while_requests_pass(platform: Platform) -> None:
    """Called off, nobody fails them; a declaration that is wrong changes nothing, and all of it is told."""
    bad = platform.services[0]
    bad.readiness = unavailable
    until(lambda: platform.instances("unhealthy") == 1, 20)
    platform.declare(users="health = { path = 'ready', interval = 0, often = 1 }")
    until(lambda: gauge(platform.entrance, "policies_refused") == 1)
    for wrong in ("health.path: is 'ready'", "health.interval: is 0", "health.often: there is no such entry"):
        assert f"resilience.users.{wrong}" in platform.log()
    assert platform.instances("unhealthy") == 1
    platform.declare(default=CHECKS, users="health = false")
    until(lambda: platform.instances("serving") == 3)
    assert gauge(platform.entrance, "policies_refused") == 0
    until(lambda: len(platform.who()) == 3)


@pytest.mark.parametrize("fault", [Drop, Hang])
def test_a_single_instance_is_asked_whatever_its_checks_say(platform: Platform, fault: Callable[[], Exception]) -> None:
    """The monolith is all that there is for its paths: that it fails its checks is shown, and its answers are passed on."""
    monolith = platform.entrance.monolith

    def busy(request: Received) -> bytes:
        if request.target == "/ready":
            raise fault()
        return answer(b"monolith")

    script, monolith.script = monolith.script, busy
    try:
        platform.declare(default=CHECKS)
        until(lambda: platform.instances("unhealthy", "monolith") == 1, 20)
        assert platform.entrance.ask("GET", ELSEWHERE).body == b"monolith"
        monolith.script = script
        until(lambda: platform.instances("serving", "monolith") == 1, 20)
    finally:
        monolith.script = script
