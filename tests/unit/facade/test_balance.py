"""Which instance is picked, and which are left alone."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facade.balance import Balancer, Member
from facade.resilience.declared import Declaration, Ejection, Resilience
from facade.routes import Route
from facade.settings import Settings
from facade.upstreams import Address, Upstreams
from migrations_tools.phases import Owner

NUMBERS = Ejection(failures=3, seconds=2.0, longest=5.0, share=0.5)


def members(count: int, loads: dict[int, int] | None = None) -> list[Member]:
    given = loads or {}
    return [Member(f"http://{number}", lambda number=number: given.get(number, 0)) for number in range(count)]  # type: ignore[misc]


def balancer(these: list[Member], now: float = 0.0) -> Balancer:
    made = Balancer(NUMBERS)
    made.keep(these, now)
    return made


def fail(over: Balancer, member: Member, now: float, times: int = 3) -> None:
    for _ in range(times):
        over.record(member, False, now)


def picked(over: Balancer, now: float, draws: int = 200) -> set[str]:
    draw = random.Random(7).random
    return {member.url for _ in range(draws) if (member := over.pick(now, draw)) is not None}


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.integers(0, 2**32))
def test_less_loaded_of_two_different_ones_is_picked(loads: list[int], seed: int) -> None:
    """Never the one with most to do, unless another has as much; and every pair is drawn."""
    these = members(len(loads), dict(enumerate(loads)))
    over = balancer(these)
    chance = random.Random(seed)
    drawn: list[float] = []

    def draw() -> float:
        drawn.append(chance.random())
        return drawn[-1]

    member = over.pick(0.0, draw)
    assert member is not None
    assert len(drawn) == 2
    if loads.count(max(loads)) == 1:
        assert member.load() < max(loads)


def test_every_instance_is_drawn_alike() -> None:
    """With equal loads the picks spread evenly: neither draw prefers a place in the list."""
    over, draw = balancer(members(5)), random.Random(3).random
    counts = Counter(over.pick(0.0, draw).url for _ in range(10_000))  # type: ignore[union-attr]
    assert len(counts) == 5
    assert min(counts.values()) > 1700


def test_failures_in_a_row_eject_and_success_between_them_does_not() -> None:
    """The third failure in a row counts; an answer in between begins a new row."""
    these = members(3)
    over = balancer(these)
    fail(over, these[0], 0.0, 2)
    over.record(these[0], True, 0.0)
    fail(over, these[0], 0.0, 2)
    assert picked(over, 0.0) == {"http://0", "http://1", "http://2"}
    assert over.record(these[0], False, 0.0)
    assert picked(over, 0.1) == picked(over, 1.9) == {"http://1", "http://2"}
    assert picked(over, 2.0) == {"http://0", "http://1", "http://2"}


def test_ejections_grow_and_good_conduct_makes_up_for_them() -> None:
    """Each ejection is longer than the one before, up to a limit; a while without failures counts them down."""
    these = members(2)
    over = balancer(these)
    now = 0.0
    for expected in (2.0, 4.0, 5.0, 5.0):
        fail(over, these[0], now)
        assert these[0].ejected_until == now + expected
        now += expected
    now += 2.0 * 10
    fail(over, these[0], now)
    assert these[0].ejected_until == now + 2.0


def test_instance_that_drains_gets_nothing_new() -> None:
    """Not even when it is the last one; it serves again when it says so."""
    these = members(2)
    these[0].draining = True
    over = balancer(these)
    assert picked(over, 0.0) == {"http://1"}
    these[1].draining = True
    over.keep(these, 0.0)
    assert over.pick(0.0, random.random) is None
    these[1].draining = False
    over.keep(these, 0.0)
    assert picked(over, 0.0) == {"http://1"}


def test_last_that_serves_is_asked_though_it_was_ejected() -> None:
    """When the others begin to drain, or go, somebody must be asked."""
    these = members(2)
    over = balancer(these)
    fail(over, these[0], 0.0)
    these[1].draining = True
    over.keep(these, 0.5)
    assert picked(over, 0.5) == {"http://0"}


def test_failed_one_is_avoided_where_there_is_another() -> None:
    """A repetition goes elsewhere, unless there is no elsewhere."""
    these = members(2)
    over = balancer(these)
    assert {over.pick(0.0, random.random, these[0]) for _ in range(20)} == {these[1]}
    over.keep(these[:1], 0.0)
    assert over.pick(0.0, random.random, these[0]) is these[0]


@settings(deadline=None)
@given(
    count=st.integers(1, 7),
    share=st.floats(0, 1),
    events=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["fail", "ok", "drain", "serve", "go", "wait"])), max_size=80),
)
def test_never_too_many_are_left_alone(count: int, share: float, events: list[tuple[int, str]]) -> None:
    """Whatever fails, drains or goes: at most the declared share is ejected, and whoever is left to be asked is picked."""
    over = Balancer(Ejection(failures=1, seconds=2.0, longest=8.0, share=share))
    these, now = members(count), 0.0
    over.keep(these, now)
    for number, event in events:
        member = these[number % len(these)]
        if event in ("fail", "ok"):
            over.record(member, event == "ok", now)
        elif event in ("drain", "serve"):
            member.draining = event == "drain"
            over.keep(these, now)
        elif event == "go" and len(these) > 1:
            these.remove(member)
            over.keep(these, now)
        else:
            now += 0.7
        ejected = [one for one in these if one.state(now) == "ejected"]
        assert len(ejected) <= share * len(these)
        choice = over.pick(now, random.random)
        if all(one.draining for one in these):
            assert choice is None
        else:
            assert choice in these
            assert choice.state(now) == "serving"


# ---- upstreams: addresses, pools and who is asked


def route(context: str = "users", services: tuple[str, ...] = ()) -> Route:
    return Route(
        prefix=f"/api/v1/{context}", context=context, epoch=1, authority=Owner.SERVICE, read_methods=frozenset({"GET"}),
        read_below=0, mirrored=False, movable=True, fallback=False, shadow_percent=0, sticky_by_cookie=False, services=services,
    )  # fmt: skip


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


def urls(upstreams: Upstreams, side: Owner, asked: Route | None) -> set[str]:
    return {pool.url for _ in range(50) if (pool := upstreams.pick(side, asked)) is not None}


def test_monolith_may_have_several_instances(runner: asyncio.Runner) -> None:
    """They are separated by commas; unknown paths go to any of them."""

    async def work() -> None:
        upstreams = Upstreams(Settings("http://m1/, http://m2"), {})
        assert urls(upstreams, Owner.MONOLITH, None) == {"http://m1", "http://m2"}
        assert urls(upstreams, Owner.MONOLITH, route()) == {"http://m1", "http://m2"}
        assert upstreams.pick(Owner.SERVICE, route()) is None
        await upstreams.close()

    runner.run(work())


@pytest.mark.parametrize("wrong", ["m1:80", "http://m1,ftp://m2"])
def test_monolith_address_that_is_none_is_refused(runner: asyncio.Runner, wrong: str) -> None:
    """A misspelt setting stops the start and does not show up as errors under load."""

    async def work() -> None:
        with pytest.raises(ValueError, match="no http address"):
            Upstreams(Settings(wrong), {})

    runner.run(work())


def test_registry_comes_before_routes_and_routes_before_settings(runner: asyncio.Runner) -> None:
    """Each source is used where the better one is silent; an address that is none is left out."""

    async def work() -> None:
        upstreams = Upstreams(Settings("http://m"), {"users": "http://u0"})
        users = route()
        assert urls(upstreams, Owner.SERVICE, users) == {"http://u0"}
        upstreams.keep_only([route(services=("http://u1", "nonsense"))])
        assert urls(upstreams, Owner.SERVICE, users) == {"http://u1"}
        upstreams.discovered({"users": (Address("http://u2"), Address("http://u3", draining=True))})
        assert urls(upstreams, Owner.SERVICE, users) == {"http://u2"}
        assert {(one.url, one.state) for one in upstreams.standing() if one.context == "users"} == {
            ("http://u2", "serving"), ("http://u3", "draining"),
        }  # fmt: skip
        await upstreams.close()

    runner.run(work())


def test_registry_that_names_nobody_any_more_is_not_believed(runner: asyncio.Runner) -> None:
    """The last known instances stay, none of them draining; a new word of the routes ends that."""

    async def work() -> None:
        upstreams = Upstreams(Settings("http://m"), {})
        upstreams.keep_only([route(services=("http://u1",))])
        upstreams.discovered({"users": (Address("http://u2", draining=True),)})
        assert upstreams.pick(Owner.SERVICE, route()) is None
        upstreams.discovered({"users": ()})
        assert urls(upstreams, Owner.SERVICE, route()) == {"http://u2"}
        upstreams.keep_only([route(services=("http://u1",))])
        assert urls(upstreams, Owner.SERVICE, route()) == {"http://u2"}
        upstreams.keep_only([route(services=("http://u9",))])
        assert urls(upstreams, Owner.SERVICE, route()) == {"http://u9"}
        await upstreams.close()

    runner.run(work())


def test_pools_of_what_stays_are_kept_and_others_close(runner: asyncio.Runner) -> None:
    """A list that changes must not cost the other instances their connections."""

    async def work() -> None:
        upstreams = Upstreams(Settings("http://m"), {})
        upstreams.keep_only([route(services=("http://u1", "http://u2"))])
        first = {pool.url: pool for _ in range(50) if (pool := upstreams.pick(Owner.SERVICE, route()))}
        upstreams.keep_only([route(services=("http://u2", "http://u3"))])
        second = {pool.url: pool for _ in range(50) if (pool := upstreams.pick(Owner.SERVICE, route()))}
        assert set(second) == {"http://u2", "http://u3"}
        assert second["http://u2"] is first["http://u2"]
        assert (first["http://u1"].closed, first["http://u2"].closed) == (True, False)
        await upstreams.close()

    runner.run(work())


def test_failures_told_by_pool_eject_its_instance(runner: asyncio.Runner) -> None:
    """The exchange knows pools only; an ejected instance is not asked, and the failed one is avoided next time."""

    async def work() -> None:
        numbers = Resilience(ejection=Ejection(failures=2, seconds=60, longest=60))
        upstreams = Upstreams(Settings("http://m"), {}, Declaration(contexts={"users": numbers}))
        users = route(services=("http://u1", "http://u2"))
        pool = upstreams.pick(Owner.SERVICE, users)
        assert pool is not None
        assert {upstreams.pick(Owner.SERVICE, users, avoid=pool) for _ in range(20)}.isdisjoint({pool})
        upstreams.record(pool, False)
        assert len(urls(upstreams, Owner.SERVICE, users)) == 2
        upstreams.record(pool, False)
        assert urls(upstreams, Owner.SERVICE, users) == {"http://u1", "http://u2"} - {pool.url}
        assert upstreams.ejections == 1
        await upstreams.close()

    runner.run(work())


def test_names_stand_for_what_they_resolve_to(runner: asyncio.Runner) -> None:
    """Until a name is resolved there is nobody; the name itself is never connected to."""

    async def work() -> None:
        upstreams = Upstreams(Settings("http://m,dns://more:80"), {"users": "dns://users:8000"})
        assert upstreams.names() == {"dns://more:80", "dns://users:8000"}
        assert upstreams.pick(Owner.SERVICE, route()) is None
        upstreams.resolved("dns://users:8000", ["http://10.0.0.1:8000", "http://10.0.0.2:8000"])
        assert urls(upstreams, Owner.SERVICE, route()) == {"http://10.0.0.1:8000", "http://10.0.0.2:8000"}
        assert urls(upstreams, Owner.MONOLITH, None) == {"http://m"}
        await upstreams.close()

    runner.run(work())
