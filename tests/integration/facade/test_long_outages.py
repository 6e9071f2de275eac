"""The users service is down for half a minute under mixed traffic, with the policies that are shipped: in one world it refuses
connections, in another it accepts everything and says nothing. Both at the same time, since it takes its time.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from uuid import UUID

import pytest

from chassis.identity.keeping import signing_key
from chassis.identity.tokens import issue
from facade import settings
from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.load import gauge
from tests.integration.facade.paced import Asked, Kind, Paced
from tests.integration.facade.scripted import Hang, Received, ScriptedUpstream, json_answer

pytestmark = pytest.mark.chaos

_DOWN_SECONDS = 30.0
_READ = 3.0
"""Seconds that the users service is waited for."""
_RECOVERY = 25.0
"""Longer than a breaker stays open at most, and its trials take."""
_BUSY = {"FACADE_VALKEY_TIMEOUT": "2"}
"""On a machine that is busy with other tests: where Valkey cannot be asked in time, a read is not taken to the other side."""
_OTHERS = ("catalog", "orders", "order")


def _signed(number: int) -> str:
    return f"Authorization: Bearer {_TOKENS[number % len(_TOKENS)]}\r\n"


_TOKENS = [issue(UUID(int=number), number, signer=signing_key()) for number in range(1, 9)]
KINDS = (
    Kind("profile", 25, "GET", "/api/v1/users/me", _signed),
    Kind("change", 15, "PATCH", "/api/v1/users/me", _signed),
    Kind("catalog", 25, "GET", "/api/v1/catalog/products"),
    Kind("orders", 8, "GET", "/api/v1/orders", _signed),
    Kind("order", 7, "POST", "/api/v1/orders", _signed),
)


def _says(name: str) -> Callable[[Received], bytes]:
    return lambda request: json_answer({"by": name})


def _hangs(request: Received) -> bytes:
    raise Hang


@dataclass
class World:
    """A facade, a monolith and a users service that has the users, and what its clients got. `down` and `up`: when it went down,
    and when it was started again; `well` when everything was as before.
    """

    hangs: bool
    monolith: ScriptedUpstream
    service: ScriptedUpstream
    entrance: Entrance
    traffic: Paced
    down: float = 0.0
    up: float = 0.0
    well: float = 0.0

    def break_down(self) -> None:
        self.down = time.monotonic()
        if self.hangs:
            self.service.script = _hangs
        else:
            self.service.stop()

    def mend(self) -> None:
        self.up = time.monotonic()
        if self.hangs:
            self.service.script = _says("service")
        else:
            self.service.start()

    def is_well(self) -> bool:
        """Whether, for a second, everybody was answered by who should, and no breaker is open."""
        recent = time.monotonic() - 1.0
        users = [*self.traffic.of("profile", recent), *self.traffic.of("change", recent)]
        return (
            len(users) > 20
            and all(one.status == 200 and b"service" in one.body for one in users)
            and gauge(self.entrance, "breakers_open") == 0
        )

    def during(self, kind: str) -> list[Asked]:
        return self.traffic.of(kind, self.down, self.up)


def _world(folder: Path, valkey: TestValkey, *, hangs: bool) -> World:
    monolith = ScriptedUpstream(_says("monolith")).start()
    service = ScriptedUpstream(_says("service")).start()
    monolith.feed = feed(1, "service", epoch=1, services=[service])
    folder.mkdir()
    policies = folder / "gateway.toml"
    shipped = Path(settings.__file__).with_name("gateway.toml").read_text()
    policies.write_text(f"{shipped}\n[resilience.users.timeouts]\nread = {_READ}\n")
    own = {"VALKEY_URL": valkey.url, "FACADE_POLICIES": str(policies), "FACADE_RETRY_DEADLINE": "", **_BUSY}
    entrance = Entrance(monolith, folder / "var", own)
    return World(hangs, monolith, service, entrance, Paced(entrance.port, KINDS))


@pytest.fixture(scope="module")
def worlds(own_valkey: TestValkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """Both worlds, after it."""
    folder = tmp_path_factory.mktemp("outages")
    made = {
        "refuses": _world(folder / "refuses", own_valkey, hangs=False),
        "hangs": _world(folder / "hangs", own_valkey, hangs=True),
    }
    with ExitStack() as stack:
        for world in made.values():
            stack.callback(world.service.stop)
            stack.callback(world.monolith.stop)
            world.entrance.start()
            stack.callback(world.entrance.stop)
        with ExitStack() as traffic:
            for world in made.values():
                traffic.enter_context(world.traffic)
            for world in made.values():
                until(world.is_well)
            for world in made.values():
                world.break_down()
            time.sleep(_DOWN_SECONDS)  # this is what is tested: that it lasts
            for world in made.values():
                world.mend()
            for world in made.values():
                until(world.is_well, _RECOVERY)
                world.well = time.monotonic() - 1.0
            until(lambda: time.monotonic() > max(world.well for world in made.values()) + 3.0)
        yield made


@pytest.fixture(params=["refuses", "hangs"])
def world(request: pytest.FixtureRequest, worlds: dict[str, World]) -> World:
    return worlds[request.param]


@pytest.mark.parametrize("kind", _OTHERS)
def test_what_needs_no_users_service_is_all_answered(world: World, kind: str) -> None:
    """Reads and writes of other contexts, before, during and after; and they do not wait for it either."""
    assert world.traffic.statuses(kind).keys() == {200}
    assert quantiles([one.seconds for one in world.during(kind)], n=20)[-1] < _READ / 2


def test_reads_that_the_monolith_can_answer_are_answered(world: World) -> None:
    """It mirrors the users, and these have written nothing that it could miss: nobody is sent away, and once it is known that the
    service says nothing, nobody waits for it.
    """
    assert [one for one in world.traffic.of("profile") if one.status != 200] == []
    during = world.during("profile")
    assert Counter(b"monolith" in one.body for one in during)[True] > 0.95 * len(during)
    later = world.traffic.of("profile", world.down + 15.0, world.up)
    assert quantiles([one.seconds for one in later], n=10)[0] < _READ / 2


def test_writes_fail_in_a_defined_way_and_none_is_executed_twice(world: World) -> None:
    """What only the service can do is refused with a problem that says so, soon, and says when to come back; what was
    acknowledged was executed once.
    """
    during = world.during("change")
    failed = [one for one in world.traffic.of("change") if one.status != 200]
    assert len(failed) > 0.8 * len(during)
    assert {one.status for one in failed} <= {502, 503, 504}
    for one in failed:
        assert b"application/problem+json" in one.head
        assert json.loads(one.body)["status"] == one.status
        assert one.status != 503 or b"retry-after:" in one.head.lower()
    assert max(one.seconds for one in failed) < 2 * _READ + 5
    executed = Counter(request.body for request in world.service.received if request.method == "PATCH")
    acknowledged = [b'{"number": %d}' % one.number for one in world.traffic.of("change") if one.status == 200]
    assert {executed[body] for body in acknowledged} == {1}
    assert max(executed.values()) == 1


def test_everything_recovers_by_itself(world: World) -> None:
    """Once it is back, and its breaker has tried, nothing fails any more; no exchange is left under way."""
    for kind in KINDS:
        assert world.traffic.statuses(kind.name, world.well).keys() == {200}
    until(lambda: gauge(world.entrance, "requests_in_flight") == 0)
    assert gauge(world.entrance, "waiting") == 0
