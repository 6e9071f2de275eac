"""Which addresses a side has, and which of them is asked."""

import asyncio
from collections.abc import Iterator

import pytest

from facade.resilience.declared import Declaration, Ejection, Resilience
from facade.routes import Route
from facade.settings import Settings
from facade.upstreams import Address, Upstreams
from migrations_tools.phases import Owner


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
        upstreams.declare(Declaration(contexts={"users": Resilience(ejection=Ejection(share=0))}))
        assert len(urls(upstreams, Owner.SERVICE, users)) == 2
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
