"""The response cache when who fetches for others leaves."""

import asyncio

import pytest

from facade.entrance.wire import ClientGone
from facade.responses.contract import Reply
from tests.unit.facade.responses.asked import asked, reply
from tests.unit.facade.responses.bench import Bench


def test_one_fetches_for_all_when_who_fetched_has_left() -> None:
    """Not one who has left as well; and the others go on waiting for that one."""
    bench = Bench({"patience": 600})

    async def run() -> None:
        leaves, answered = asyncio.Event(), asyncio.Event()

        async def until_it_leaves() -> Reply:
            await leaves.wait()
            raise ClientGone

        async def never() -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

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
