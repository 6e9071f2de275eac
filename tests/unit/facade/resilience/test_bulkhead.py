"""Places and the queue for them, in a loop whose time is made up."""

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facade.resilience import declared
from facade.resilience.bulkhead import Bulkhead, Full
from tests.unit.facade.resilience.clock import run

FAR = float("inf")


async def inside(bulkhead: Bulkhead, deadline: float = FAR) -> None:
    if (wait := bulkhead.enter(deadline)) is not None:
        await wait


def test_free_places_cost_no_wait_and_the_queue_is_bounded() -> None:
    """Two enter at once, two wait, the fifth is refused at once."""

    async def work() -> None:
        bulkhead = Bulkhead(declared.Bulkhead(most=2, waiting=2, longest_wait=5))
        assert bulkhead.enter(FAR) is None
        assert bulkhead.enter(FAR) is None
        waiting = [asyncio.create_task(inside(bulkhead)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Full):
            bulkhead.enter(FAR)
        assert bulkhead.explain() == "2 of 2 places taken, 2 of 2 wait, 1 refused so far"
        bulkhead.leave()
        await waiting[0]
        assert not waiting[1].done()
        bulkhead.leave()
        await waiting[1]
        assert (bulkhead.inside, bulkhead.waiting) == (2, 0)
        bulkhead.leave()
        bulkhead.leave()
        assert bulkhead.inside == 0

    run(work())


@pytest.mark.parametrize(("deadline", "expected"), [(FAR, 3.0), (1.5, 1.5)])
def test_wait_ends_by_the_earlier_of_two_limits(deadline: float, expected: float) -> None:
    """Neither the request's deadline nor the longest wait is passed, and the place that comes later goes to somebody else."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        bulkhead = Bulkhead(declared.Bulkhead(most=1, waiting=5, longest_wait=3.0))
        await inside(bulkhead)
        begun = loop.time()
        with pytest.raises(Full):
            await inside(bulkhead, begun + deadline)
        assert loop.time() - begun == pytest.approx(expected)
        assert (bulkhead.inside, bulkhead.waiting, bulkhead.refused) == (1, 0, 1)
        bulkhead.leave()
        await inside(bulkhead)
        assert bulkhead.inside == 1

    run(work())


def test_request_given_up_in_the_moment_of_its_turn_passes_it_on() -> None:
    """The place was handed to a request that is cancelled before it runs again: it is not lost."""

    async def work() -> None:
        bulkhead = Bulkhead(declared.Bulkhead(most=1, waiting=5))
        await inside(bulkhead)
        first, second = asyncio.create_task(inside(bulkhead)), asyncio.create_task(inside(bulkhead))
        await asyncio.sleep(0)
        bulkhead.leave()
        first.cancel()
        await second
        assert bulkhead.inside == 1
        bulkhead.leave()
        assert (bulkhead.inside, bulkhead.waiting) == (0, 0)

    run(work())


@settings(max_examples=80, deadline=None)
@given(
    most=st.integers(1, 4),
    waiting=st.integers(0, 4),
    requests=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2), st.floats(0, 3)), max_size=25),
)
def test_no_place_is_lost_or_given_twice(most: int, waiting: int, requests: list[tuple[float, float, float]]) -> None:
    """Requests come, work and are given up at any time: there are never too many inside or waiting, and in the end none."""

    async def one(bulkhead: Bulkhead, comes: float, works: float, patience: float) -> None:
        await asyncio.sleep(comes)
        with contextlib.suppress(Full, TimeoutError):
            async with asyncio.timeout(patience):
                await inside(bulkhead)
                try:
                    here.append(None)
                    assert len(here) <= most
                    assert bulkhead.waiting <= waiting
                    await asyncio.sleep(works)
                finally:
                    here.pop()
                    bulkhead.leave()

    here: list[None] = []

    async def work() -> None:
        bulkhead = Bulkhead(declared.Bulkhead(most=most, waiting=waiting, longest_wait=1.0))
        async with asyncio.TaskGroup() as group:
            for times in requests:
                group.create_task(one(bulkhead, *times))
        assert (bulkhead.inside, bulkhead.waiting) == (0, 0)

    run(work())
