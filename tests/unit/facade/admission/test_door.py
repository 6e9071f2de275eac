"""The door to an upstream, in made-up time."""

import asyncio
from functools import partial
from math import inf

import pytest

from facade.admission.adaptive import AdaptiveLimit, Tuning
from facade.admission.door import Door, Full
from facade.admission.priority import Priority
from facade.resilience import declared
from tests.unit.facade.admission.clock import run

C, N, B = Priority
WAIT = 0.5


class Fixed(AdaptiveLimit):
    """A limit that is known to be right."""

    def __init__(self, limit: int) -> None:
        super().__init__(Tuning(least=limit, initial=limit, most=limit), 0.0)

    def proven(self, now: float) -> bool:
        return now >= 0


def door(limit: int, *, waiting: int = 100, most: int = 1000) -> Door:
    return Door(declared.Bulkhead(most=most, waiting=waiting, longest_wait=WAIT), Fixed(limit))


def filled(limit: int, in_flight: int, *, waiting: int = 100, most: int = 1000) -> Door:
    made = door(limit, waiting=waiting, most=most)
    for _ in range(in_flight):
        assert made.enter(C, inf) is None
    return made


def over(at: Door) -> None:
    at.answered(0.0, 0.0, None)
    at.leave()


async def wait_at(at: Door, priority: Priority, name: str, order: list[str], deadline: float = inf) -> None:
    try:
        waiter = at.enter(priority, deadline)
    except Full:
        order.append(f"{name} refused")
        return
    assert waiter is not None, f"{name} should wait"
    try:
        order.append(name if await waiter else f"{name} refused")
    except asyncio.CancelledError:
        at.abandon(waiter)
        raise


async def waiting(at: Door, order: list[str], *visits: tuple[Priority, str]) -> list[asyncio.Task[None]]:
    """Let these come, one after another."""
    tasks = []
    for priority, name in visits:
        tasks.append(asyncio.create_task(wait_at(at, priority, name, order)))
        await settle()
    return tasks


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_below_four_fifths_nobody_waits() -> None:
    """The eighth of ten is let in at once, the ninth waits unless it is critical, the eleventh in any case."""

    async def main() -> None:
        at, order = filled(10, 7), list[str]()
        assert at.enter(B, inf) is None
        (ninth,) = await waiting(at, order, (N, "ninth"))
        assert at.enter(C, inf) is None
        assert at.enter(C, inf) is None
        (eleventh,) = await waiting(at, order, (C, "eleventh"))
        assert at.explain() == "10 of 10 asked at once, 10 of 1000 places taken, 2 of 100 wait, 0 refused so far"
        for _ in range(4):
            over(at)
        await asyncio.gather(ninth, eleventh)
        assert order == ["eleventh", "ninth"]
        assert (at.in_flight, at.delayed) == (8, [1, 1, 0])

    run(main())


def test_an_exchange_holds_its_place_to_its_end_but_the_limit_only_to_its_answer() -> None:
    """Long downloads take no part of what the upstream can work on; they do take places, of which there are so many."""

    async def main() -> None:
        at, order = filled(2, 2, most=3), list[str]()
        at.answered(0.0, 0.01, True)
        assert at.enter(C, inf) is None
        at.answered(0.0, 0.01, True)
        assert (at.in_flight, at.inside) == (1, 3)
        await waiting(at, order, (C, "fourth"))
        assert order == []
        at.leave()
        await settle()
        assert order == ["fourth"]

    run(main())


def test_the_lowest_priority_gives_way_the_latest_first() -> None:
    """A full queue: who matters more takes the place of the last background one; among criticals the newcomer is refused."""

    async def main() -> None:
        at, order = filled(10, 10, waiting=2), list[str]()
        await waiting(at, order, (B, "b1"), (B, "b2"), (B, "b3"), (N, "n1"))
        assert order == ["b3 refused", "b2 refused"]
        await waiting(at, order, (C, "c1"), (C, "c2"), (C, "c3"), (N, "n2"))
        assert order[2:] == ["b1 refused", "n1 refused", "c3 refused", "n2 refused"]
        over(at)
        over(at)
        await settle()
        assert order[6:] == ["c1", "c2"]
        assert at.shed == [1, 2, 3]

    run(main())


def test_who_came_first_goes_first() -> None:
    """Within a priority; and a higher one before a lower one that came earlier."""

    async def main() -> None:
        at, order = filled(20, 19), list[str]()
        await waiting(at, order, (B, "b1"), (N, "n1"), (B, "b2"), (N, "n2"))
        for _ in range(10):
            over(at)
        await settle()
        assert order == ["n1", "n2", "b1", "b2"]

    run(main())


def test_a_wait_ends_with_the_patience_or_the_deadline() -> None:
    """Whichever is first; a critical request waits three times as long, and who has no time left not at all."""

    async def main() -> None:
        loop, at = asyncio.get_running_loop(), filled(10, 10)
        for priority, deadline, expected in ((N, inf, WAIT), (N, 0.2, 0.2), (C, inf, 3 * WAIT), (C, 0.7, 0.7)):
            began = loop.time()
            waiter = at.enter(priority, began + deadline)
            assert waiter is not None
            assert not await waiter
            assert loop.time() - began == pytest.approx(expected)
        with pytest.raises(Full):
            at.enter(C, loop.time())
        assert (at.shed, at.waiting) == ([3, 2, 0], 0)

    run(main())


def test_a_limit_that_is_only_feared_refuses_nobody_so_soon() -> None:
    """As long as it is not proven that the upstream cannot do more, everybody waits as long as critical requests do."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        at = Door(declared.Bulkhead(longest_wait=WAIT), AdaptiveLimit(Tuning(least=1, initial=1, most=1), 0.0))
        assert at.enter(B, inf) is None
        waiter = at.enter(B, inf)
        assert waiter is not None
        assert not await waiter
        assert loop.time() == pytest.approx(3 * WAIT)

    run(main())


def test_who_is_let_in_and_cancelled_at_once_gives_its_place_back() -> None:
    """The cancellation arrives after it was let in, but before it could notice."""

    async def main() -> None:
        at, order = filled(10, 10), list[str]()
        first, second = await waiting(at, order, (C, "first"), (C, "second"))
        over(at)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert (order, at.in_flight, at.inside) == (["second"], 10, 10)

    run(main())


def test_a_place_that_becomes_free_at_the_last_moment_is_not_lost() -> None:
    """The waiter has just been refused; the place stays free for the next."""

    async def main() -> None:
        loop, at, order = asyncio.get_running_loop(), filled(10, 8), list[str]()
        (task,) = await waiting(at, order, (N, "late"))
        loop.call_at(WAIT, partial(over, at))
        await task
        await settle()
        assert (order, at.in_flight, at.waiting) == (["late refused"], 7, 0)

    run(main())


@pytest.mark.parametrize("priority", list(Priority))
def test_a_priority_is_declared_by_its_name(priority: Priority) -> None:
    """And nothing else is guessed."""
    assert Priority.of(priority.name.lower()) is priority
    with pytest.raises(ValueError, match="critical, normal, background"):
        Priority.of(priority.name)
