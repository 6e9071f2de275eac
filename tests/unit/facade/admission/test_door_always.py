"""What holds for the door whatever comes, in made-up time."""

import asyncio
from dataclasses import dataclass
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from facade.admission.adaptive import AdaptiveLimit, Tuning
from facade.admission.door import Door, Full
from facade.admission.priority import Priority
from facade.resilience import declared
from tests.unit.facade.admission.clock import run
from tests.unit.facade.admission.test_door import WAIT, door

_CLOCK = 1e-6


@dataclass
class Visit:
    """One request: comes `pause` after the one before, takes `seconds` to its answer and `more` to its end, is cancelled after
    `cancelled`.
    """

    pause: float
    priority: Priority
    seconds: float
    more: float
    cancelled: float
    deadline: float


_MOMENTS = st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3, 1.0])
_VISITS = st.lists(
    st.builds(
        Visit,
        _MOMENTS,
        st.sampled_from(list(Priority)),
        _MOMENTS,
        _MOMENTS,
        st.sampled_from([inf, inf, 0.0, 0.05, 0.2, 0.5]),
        st.sampled_from([inf, inf, 0.0, 0.1]),
    ),
    max_size=60,
)


async def one(at: Door, visit: Visit, fates: list[str]) -> None:
    loop = asyncio.get_running_loop()
    began, waiter = loop.time(), None
    try:
        waiter = at.enter(visit.priority, began + visit.deadline)
        entered = waiter is None or await waiter
    except Full:
        entered = False
    except asyncio.CancelledError:
        assert waiter is not None
        # Who is refused and leaves in the same turn was refused all the same: it left before it heard of it.
        refused = waiter.done() and not waiter.cancelled() and not waiter.result()
        at.abandon(waiter)
        fates.append("refused" if refused else "left")
        return
    finally:
        assert loop.time() - began <= min(3 * WAIT, visit.deadline) + _CLOCK
    if not entered:
        fates.append("refused")
        return
    fates.append("served")
    began = loop.time()
    try:
        await asyncio.sleep(visit.seconds)
    except asyncio.CancelledError:
        at.answered(loop.time(), loop.time() - began, None)
    else:
        at.answered(loop.time(), loop.time() - began, visit.seconds < 1)
    try:
        await asyncio.sleep(visit.more)
    except asyncio.CancelledError:
        pass
    finally:
        at.leave()


async def all_of(at: Door, visits: list[Visit]) -> list[str]:
    loop, fates, tasks = asyncio.get_running_loop(), list[str](), []
    for visit in visits:
        await asyncio.sleep(visit.pause)
        task = asyncio.create_task(one(at, visit, fates))
        if visit.cancelled == 0.0:
            loop.call_soon(task.cancel)
        elif visit.cancelled < inf:
            loop.call_later(visit.cancelled, task.cancel)
        tasks.append(task)
    await asyncio.gather(*tasks)
    return fates


@given(st.integers(1, 12), st.integers(0, 5), _VISITS)
def test_nobody_is_lost_and_the_limit_holds(limit: int, room: int, visits: list[Visit]) -> None:
    """Every request is served or refused or left, once; nobody waits beyond the deadline; nothing stays behind."""

    async def main() -> None:
        at = door(limit, waiting=room, most=limit + 2)
        fates = await all_of(at, visits)
        assert len(fates) == len(visits)
        assert (at.in_flight, at.inside, at.waiting) == (0, 0, 0)
        assert sum(at.shed) == fates.count("refused")

    run(main())


@given(_VISITS)
def test_nothing_stays_behind_when_the_limit_moves(visits: list[Visit]) -> None:
    """A limit that shrinks below what is in flight, or grows while some wait."""

    async def main() -> None:
        tuning = Tuning(least=1, most=30, initial=4, window=0.01, samples=1)
        at = Door(declared.Bulkhead(longest_wait=WAIT), AdaptiveLimit(tuning, 0.0))
        fates = await all_of(at, visits)
        assert len(fates) == len(visits)
        assert (at.in_flight, at.inside, at.waiting) == (0, 0, 0)

    run(main())
