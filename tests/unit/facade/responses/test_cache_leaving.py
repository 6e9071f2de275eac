"""The response cache when who fetches for others leaves, or takes too long."""

import asyncio

import pytest

from facade.entrance.wire import ClientGone
from facade.problems import Problem
from facade.responses.contract import Reply
from tests.unit.facade.responses.asked import asked, reply
from tests.unit.facade.responses.bench import Bench


async def never() -> Reply:
    await asyncio.Event().wait()
    raise AssertionError


def test_one_fetches_for_all_when_who_fetched_has_left() -> None:
    """Not one who has left as well; and the others go on waiting for that one."""
    bench = Bench({"patience": 600})

    async def run() -> None:
        leaves, answered = asyncio.Event(), asyncio.Event()

        async def until_it_leaves() -> Reply:
            await leaves.wait()
            raise ClientGone

        async def answers() -> Reply:
            await answered.wait()
            return reply(200, b"one", cache_control="max-age=2")

        first, second, *rest = (asked() for _ in range(6))
        one, other = (asyncio.create_task(bench.ask(*pair)) for pair in ((first, until_it_leaves), (second, never)))
        waiting = [asyncio.create_task(bench.ask(request, answers)) for request in rest]
        await asyncio.sleep(0)
        assert bench.reached == [first]
        first.abandoned = second.abandoned = True
        bench.time += 3  # which the next one has waited, but not for its own answer: that is new when it comes
        leaves.set()
        with pytest.raises(ClientGone):
            await one
        await asyncio.sleep(0.01)
        assert bench.reached == [first, second, rest[0]]
        answered.set()
        assert {given.body for given in await asyncio.gather(*waiting)} == {b"one"}
        assert len(bench.reached) == 3
        other.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("stale", [False, True])
def test_who_waits_has_a_deadline(*, stale: bool) -> None:
    """504 then, or what stands in for a failure; and no upstream is asked, for nobody would hear its answer."""
    bench = Bench({"patience": 600, "stale_if_error": 60})
    if stale:
        bench.now(asked(), reply(200, b"one", cache_control="max-age=5"))
        bench.reached.clear()
        bench.time += 6

    async def run() -> Reply:
        first, second = asked(), asked()
        fetching = asyncio.create_task(bench.ask(first, never))
        await asyncio.sleep(0)
        second.deadline = asyncio.get_running_loop().time() + 0.05
        try:
            async with asyncio.timeout(20):
                return await bench.ask(second, never)
        finally:
            assert bench.reached == [first]
            fetching.cancel()

    if stale:
        assert asyncio.run(run()).body == b"one"
        return
    with pytest.raises(Problem) as refused:
        asyncio.run(run())
    assert (refused.value.status, refused.value.slug) == (504, "deadline-over")
