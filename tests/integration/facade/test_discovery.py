"""Instances that come and go, as a facade sees them: real announcers, a real Valkey, the real name service."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.registry import announcer as announcing
from chassis.registry.announcer import Announcer
from chassis.registry.record import CHANNEL, INDEX, PREFIX, Instance, State
from facade.discovery import Discovery, Roster
from facade.upstreams import Address
from facade.valkey import Valkey
from tests.integration.facade.conftest import TestValkey

Found = Mapping[str, Sequence[Address]]


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def own() -> Iterator[TestValkey]:
    server = TestValkey().start()
    yield server
    server.stop()


@pytest.fixture
def announce(own: TestValkey) -> Iterator[Callable[[str], Announcer]]:
    """`announce("http://u1")`: an instance of the users service that is there from now on."""
    made: list[Announcer] = []

    def start(url: str) -> Announcer:
        made.append(Announcer(announcing.instance("users", url), own.url, heartbeat=0.05))
        made[-1].start()
        return made[-1]

    yield start
    for announcer in made:
        announcer.withdraw()


class Watch:
    """What a discovery has told so far."""

    def __init__(self) -> None:
        self.told: list[Found] = []

    def tell(self, found: Found) -> None:
        self.told.append(found)

    @property
    def users(self) -> list[Address]:
        return list(self.told[-1].get("users", ())) if self.told else []


@asynccontextmanager
async def watching(server: TestValkey, roster: Roster, interval: float) -> Any:
    watch = Watch()
    valkey = Valkey(server.url)
    discovery = Discovery(valkey, watch.tell, interval=interval, roster=roster)
    pushes = Valkey(server.url, channel=CHANNEL, on_message=discovery.heard)
    tasks = [asyncio.create_task(one) for one in (valkey.run(), pushes.run(), discovery.run())]
    try:
        await until(lambda: valkey.connected and pushes.connected)
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def run(work: Awaitable[None]) -> None:
    async def main() -> None:
        await work

    asyncio.run(main())


def test_changes_are_seen_by_push(own: TestValkey, announce: Callable[[str], Announcer]) -> None:
    """Coming, draining and leaving are told without waiting for the next reading."""

    async def work() -> None:
        async with watching(own, Roster(settle=0), interval=3600) as watch:
            one = announce("http://u1")
            await until(lambda: watch.users == [Address("http://u1")])
            announce("http://u2")
            await until(lambda: len(watch.users) == 2)
            one.drain()
            await until(lambda: watch.users == [Address("http://u1", draining=True), Address("http://u2")])
            await asyncio.to_thread(one.withdraw)
            await until(lambda: watch.users == [Address("http://u2")])

    run(work())


def test_killed_instance_is_gone_when_its_record_expires(own: TestValkey) -> None:
    """Nobody tells of it; the next reading shows it."""

    async def work() -> None:
        dead = announcing.instance("users", "http://u1")
        own.ask("SET", dead.key, dead.encode(), "PX", "60000")
        own.ask("SADD", INDEX, dead.id)
        async with watching(own, Roster(settle=0), interval=0.02) as watch:
            await until(lambda: watch.users)
            own.ask("PEXPIRE", dead.key, "1")
            await until(lambda: not watch.users)

    run(work())


def test_nobody_is_removed_because_valkey_is_away_or_forgetful(own: TestValkey, announce: Callable[[str], Announcer]) -> None:
    """It goes, comes back empty, and only what announces itself again is seen; the other stays all the same."""

    async def work() -> None:
        async with watching(own, Roster(settle=3600), interval=0.02) as watch:
            announce("http://u1")
            lost = await asyncio.to_thread(announce, "http://u2")
            await until(lambda: len(watch.users) == 2)
            before = len(watch.told)
            await asyncio.to_thread(own.stop)
            await asyncio.to_thread(lost.withdraw)
            await asyncio.to_thread(own.start)
            await until(lambda: own.ask("SCARD", INDEX) == b":1")
            announce("http://u3")
            await until(lambda: len(watch.users) == 3)
            assert all(len(told["users"]) >= 2 for told in watch.told[before:])

    run(work())


def test_record_that_cannot_be_read_hides_no_other(own: TestValkey, announce: Callable[[str], Announcer]) -> None:
    """Somebody else's key, or a future's, is left out."""

    async def work() -> None:
        own.ask("SET", PREFIX + "x", json.dumps({"id": "x"}))
        own.ask("SADD", INDEX, "x")
        async with watching(own, Roster(settle=0), interval=0.02) as watch:
            announce("http://u1")
            await until(lambda: watch.users == [Address("http://u1")])

    run(work())


# ---- the roster, with times made up


def one(url: str, state: State = State.SERVING, name: str = "") -> Instance:
    return Instance(name or url, "users", url, 0.0, state=state)


def test_absence_counts_once_the_connection_is_old_enough() -> None:
    """Before that, an instance may just not have been able to announce itself again."""
    roster = Roster(settle=6, ttl=5)
    roster.connected(100)
    roster.take([one("http://u1"), one("http://u2")], 101)
    roster.take([one("http://u1")], 105.9)
    assert len(roster.addresses(106)["users"]) == 2
    roster.take([one("http://u1")], 106)
    assert roster.addresses(106) == {"users": (Address("http://u1"),)}
    roster.connected(200)
    roster.take([], 201)
    assert roster.addresses(201) == {"users": (Address("http://u1"),)}
    roster.take([], 206)
    assert roster.addresses(206) == {"users": ()}


def test_one_process_that_serves_is_enough_for_an_address() -> None:
    """A worker that is replaced drains while its siblings at the same address go on."""
    for listing in ([State.DRAINING, State.SERVING], [State.SERVING, State.DRAINING]):
        roster = Roster()
        roster.take([one("http://u1", state, name=str(number)) for number, state in enumerate(listing)], 0)
        assert roster.addresses(0) == {"users": (Address("http://u1"),)}


def test_draining_is_believed_as_long_as_it_is_said() -> None:
    """While Valkey is away a new instance at that address could not say that it serves."""
    roster = Roster(settle=6, ttl=5)
    roster.connected(0)
    roster.take([one("http://u1", State.DRAINING)], 10)
    roster.take([one("http://u1", State.DRAINING)], 14)
    assert roster.addresses(18.9) == {"users": (Address("http://u1", draining=True),)}
    assert roster.addresses(19) == {"users": (Address("http://u1"),)}


@given(
    st.lists(
        st.tuples(
            st.floats(0, 4),
            st.booleans(),
            st.lists(st.tuples(st.integers(0, 3), st.sampled_from(State)), max_size=6),
        ),
        max_size=30,
    )
)
def test_whoever_is_listed_is_known_and_who_is_known_was_listed(
    readings: list[tuple[float, bool, list[tuple[int, State]]]],
) -> None:
    """In every order of readings and reconnections; nobody is removed before the connection has lasted."""
    roster, now, ever, since = Roster(settle=6, ttl=5), 0.0, set[str](), float("inf")
    for passed, reconnected, listing in readings:
        now += passed
        before = {address.url for address in roster.addresses(now).get("users", ())}
        if reconnected:
            roster.connected(now)
            since = now
        urls = {f"http://u{number}" for number, _ in listing}
        ever |= urls
        roster.take([one(f"http://u{number}", state, name=str(place)) for place, (number, state) in enumerate(listing)], now)
        known = {address.url for address in roster.addresses(now).get("users", ())}
        assert urls <= known <= ever
        if now - since < 6:
            assert before <= known
        else:
            assert known == urls
