"""The door of a worker, in made-up time."""

import asyncio
from dataclasses import dataclass
from functools import partial
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.admission.adaptive import Tuning
from facade.admission.admission import Admission, Priority
from facade.problems import Problem
from tests.unit.facade.admission.clock import run

_PATIENCE, _CLOCK = 0.5, 1e-6


def fixed(limit: int) -> Tuning:
    return Tuning(minimum=limit, maximum=limit, initial=limit)


@dataclass
class Visit:
    """One request: comes `pause` after the one before, takes `seconds`, is cancelled after `cancelled`."""

    pause: float
    priority: Priority
    seconds: float
    cancelled: float
    deadline: float


_MOMENTS = st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3, 1.0])
_VISITS = st.lists(
    st.builds(
        Visit,
        _MOMENTS,
        st.sampled_from(list(Priority)),
        _MOMENTS,
        st.sampled_from([inf, inf, 0.0, 0.05, 0.2, 0.5]),
        st.sampled_from([inf, inf, 0.0, 0.1]),
    ),
    max_size=60,
)


class Log:
    """What became of the visits."""

    def __init__(self) -> None:
        self.served = self.refused = self.cancelled = 0


async def one(admission: Admission, visit: Visit, log: Log) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        waiting = admission.acquire(visit.priority, began + visit.deadline)
        if waiting is not None:
            await waiting
    except Problem as problem:
        assert (problem.status, problem.retry_after) == (503, 1)  # noqa: PT017 the others are raised
        log.refused += 1
        return
    except asyncio.CancelledError:
        log.cancelled += 1
        return
    finally:
        assert loop.time() - began <= min(_PATIENCE, visit.deadline) + _CLOCK
        assert admission.in_flight <= admission.adaptive.limit
    try:
        await asyncio.sleep(visit.seconds)
    except asyncio.CancelledError:
        pass
    finally:
        log.served += 1
        admission.release(visit.seconds, ok=visit.seconds < 1)


async def all_of(admission: Admission, visits: list[Visit]) -> Log:
    loop, log, tasks = asyncio.get_running_loop(), Log(), []
    for visit in visits:
        await asyncio.sleep(visit.pause)
        task = asyncio.create_task(one(admission, visit, log))
        if visit.cancelled == 0.0:
            loop.call_soon(task.cancel)
        elif visit.cancelled < inf:
            loop.call_later(visit.cancelled, task.cancel)
        tasks.append(task)
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        task.result()
    return log


@given(st.integers(1, 12), _VISITS)
def test_nobody_is_lost_and_the_limit_holds(limit: int, visits: list[Visit]) -> None:
    """Every request is served or refused or left, once; nobody waits beyond the deadline; nothing stays behind."""

    async def main() -> None:
        admission = Admission(fixed(limit), patience=_PATIENCE)
        log = await all_of(admission, visits)
        counts = admission.counts
        assert log.served + log.refused + log.cancelled == len(visits)
        assert (admission.in_flight, admission.waiting) == (0, 0)
        assert log.refused <= counts.shed <= log.refused + log.cancelled
        assert log.served <= counts.admitted <= log.served + log.cancelled

    run(main())


@given(_VISITS)
def test_nothing_stays_behind_when_the_limit_moves(visits: list[Visit]) -> None:
    """A limit that shrinks below what is in flight, or grows while some wait."""

    async def main() -> None:
        admission = Admission(Tuning(minimum=1, maximum=30, initial=4, window=0.01, samples=1), patience=_PATIENCE)
        loop, log = asyncio.get_running_loop(), Log()
        tasks = []
        for visit in visits:
            await asyncio.sleep(visit.pause)
            tasks.append(loop.create_task(lenient(admission, visit, log)))
        await asyncio.gather(*tasks)
        assert (admission.in_flight, admission.waiting) == (0, 0)
        assert log.served + log.refused == len(visits)

    async def lenient(admission: Admission, visit: Visit, log: Log) -> None:
        try:
            waiting = admission.acquire(visit.priority)
            if waiting is not None:
                await waiting
        except Problem:
            log.refused += 1
            return
        await asyncio.sleep(visit.seconds)
        log.served += 1
        admission.release(visit.seconds, ok=visit.seconds < 1)

    run(main())


async def filled(limit: int, in_flight: int) -> Admission:
    admission = Admission(fixed(limit), patience=_PATIENCE)
    for _ in range(in_flight):
        assert admission.acquire(Priority.CRITICAL) is None
    return admission


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def wait_at(admission: Admission, priority: Priority, name: str, order: list[str]) -> None:
    try:
        waiting = admission.acquire(priority)
        assert waiting is not None, f"{name} should wait"
        await waiting
    except Problem:
        order.append(f"{name} refused")
    else:
        order.append(name)


def test_below_four_fifths_nobody_waits() -> None:
    """The eighth of ten is let in at once, the ninth waits unless it is critical, the eleventh is refused unless it is."""

    async def main() -> None:
        admission = await filled(10, 7)
        assert admission.acquire(Priority.BACKGROUND) is None
        order: list[str] = []
        ninth = asyncio.create_task(wait_at(admission, Priority.NORMAL, "ninth", order))
        await settle()
        assert (admission.waiting, admission.explain(Priority.NORMAL)) == (1, "delayed: 8 of 10 in flight, 1 waiting")
        assert admission.acquire(Priority.CRITICAL) is None
        assert admission.acquire(Priority.CRITICAL) is None
        assert admission.pressure == 1.1
        with pytest.raises(Problem):
            admission.acquire(Priority.NORMAL)
        assert admission.explain(Priority.NORMAL).startswith("refused")
        critical = asyncio.create_task(wait_at(admission, Priority.CRITICAL, "critical", order))
        await settle()
        for _ in range(4):
            admission.release(0.01, ok=True)
        await asyncio.gather(ninth, critical)
        assert order == ["critical", "ninth"]
        assert admission.in_flight == 8

    run(main())


def test_the_lowest_priority_gives_way_the_latest_first() -> None:
    """A full queue: a critical request takes the place of the last background one; among criticals the newcomer is refused."""

    async def main() -> None:
        admission = await filled(10, 9)
        order: list[str] = []
        for priority, name in ((Priority.BACKGROUND, "b1"), (Priority.BACKGROUND, "b2"), (Priority.NORMAL, "n1")):
            asyncio.ensure_future(wait_at(admission, priority, name, order))  # noqa: RUF006 the loop ends after them
            await settle()
        assert order == ["b2 refused"]
        assert admission.acquire(Priority.CRITICAL) is None
        for name in ("c1", "c2", "c3"):
            asyncio.ensure_future(wait_at(admission, Priority.CRITICAL, name, order))  # noqa: RUF006
            await settle()
        assert order == ["b2 refused", "b1 refused", "n1 refused", "c3 refused"]
        for _ in range(10):
            admission.release(None, ok=True)
        await settle()
        assert order[4:] == ["c1", "c2"]

    run(main())


def test_who_came_first_goes_first() -> None:
    """Within a priority; and a higher one before a lower one that came earlier."""

    async def main() -> None:
        admission = await filled(20, 20)
        order: list[str] = []
        admission.release(None, ok=True)
        for priority, name in ((2, "b1"), (1, "n1"), (2, "b2"), (1, "n2")):
            asyncio.ensure_future(wait_at(admission, Priority(priority), name, order))  # noqa: RUF006
            await settle()
        for _ in range(10):
            admission.release(None, ok=True)
            await settle()
        assert order == ["n1", "n2", "b1", "b2"]

    run(main())


def test_a_waiter_is_refused_when_its_patience_ends() -> None:
    """Or at the deadline of its request, which comes first here; who has no time left does not wait at all."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        admission = await filled(10, 9)
        for deadline, expected in ((inf, _PATIENCE), (0.2, 0.2)):
            began = loop.time()
            waiting = admission.acquire(Priority.NORMAL, began + deadline)
            assert waiting is not None
            with pytest.raises(Problem):
                await waiting
            assert loop.time() - began == pytest.approx(expected)
        with pytest.raises(Problem):
            admission.acquire(Priority.NORMAL, loop.time())
        assert (admission.counts.expired, admission.counts.shed, admission.waiting) == (2, 3, 0)

    run(main())


def test_who_is_let_in_and_cancelled_at_once_gives_its_place_back() -> None:
    """The cancellation arrives after it was let in, but before it could notice."""

    async def main() -> None:
        admission = await filled(10, 9)
        order: list[str] = []
        task = asyncio.create_task(wait_at(admission, Priority.NORMAL, "first", order))
        other = asyncio.create_task(wait_at(admission, Priority.NORMAL, "second", order))
        await settle()
        admission.release(None, ok=True)
        admission.release(None, ok=True)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await other
        assert order == ["second"]
        assert admission.in_flight == 8

    run(main())


def test_a_place_that_becomes_free_at_the_last_moment_is_not_lost() -> None:
    """The waiter has just been refused; the place stays free for the next."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        admission = await filled(10, 8)
        order: list[str] = []
        task = asyncio.create_task(wait_at(admission, Priority.NORMAL, "late", order))
        await settle()
        loop.call_at(_PATIENCE, partial(admission.release, None, ok=True))
        await task
        await settle()
        assert order == ["late refused"]
        assert admission.in_flight == 7

    run(main())


@pytest.mark.parametrize("priority", list(Priority))
def test_a_priority_is_declared_by_its_name(priority: Priority) -> None:
    """And nothing else is guessed."""
    assert Priority.of(priority.name.lower()) is priority
    with pytest.raises(ValueError, match="critical, normal, background"):
        Priority.of(priority.name)
