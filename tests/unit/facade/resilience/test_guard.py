"""Breaker and door together: who is let through, and what a refusal leaves behind."""

import asyncio

import pytest

from facade.admission.priority import Priority
from facade.resilience import declared
from facade.resilience.breaker import State
from facade.resilience.declared import Declaration, Resilience
from facade.resilience.guard import Guard, Guards, Refused, Waiting
from migrations_tools.phases import Owner
from tests.unit.facade.resilience.clock import Clock, run

FAR = float("inf")
N = Priority.NORMAL


def let_in(guard: Guard, *, whole: bool = True) -> int:
    """The ticket of a request for which there is room."""
    ticket = guard.admit(N, FAR, whole=whole)
    assert isinstance(ticket, int)
    return ticket


def fail(guard: Guard) -> None:
    """One attempt that the upstream failed."""
    guard.record(let_in(guard), 0.0, 0.01, ok=False)
    guard.leave()


def test_open_breaker_refuses_without_holding_a_place() -> None:
    """The refusal says when to come again, and nothing is held."""
    guard = Guard(Resilience(breaker=declared.Breaker(minimum=1, open_seconds=2.0)), Clock())
    fail(guard)
    with pytest.raises(Refused, match="open") as refused:
        guard.admit(N, FAR)
    assert (refused.value.again, refused.value.problem.retry_after) == (2.0, 2)
    assert (guard.door.inside, guard.door.in_flight) == (0, 0)


def test_a_breaker_that_stays_open_is_not_waited_for() -> None:
    """The first time it may close in a moment. Once its trial has failed, a request is refused at once, and told when to come."""
    clock = Clock()
    guard = Guard(Resilience(breaker=declared.Breaker(minimum=1, open_seconds=2.0, longest_open=8.0)), clock)
    fail(guard)
    clock.now += 2
    fail(guard)
    with pytest.raises(Refused) as refused:
        guard.admit(N, FAR)
    assert (refused.value.again, refused.value.problem.retry_after) == (None, 4)
    assert refused.value.problem.slug == "upstream-guarded"


def test_an_upload_under_way_takes_a_place_and_none_of_the_limit() -> None:
    """Its client decides how long it takes: it neither fills what the upstream can work on nor says how fast that is."""
    guard = Guard(Resilience(bulkhead=declared.Bulkhead(most=2)), Clock())
    tickets = [let_in(guard, whole=False) for _ in range(2)]
    assert (guard.door.inside, guard.door.in_flight) == (2, 0)
    for ticket in tickets:
        guard.record(ticket, 0.0, 60.0, ok=True, whole=False)
        guard.leave()
    assert (guard.door.inside, guard.door.in_flight) == (0, 0)


def test_breaker_that_opens_meanwhile_refuses_who_waited() -> None:
    """The breaker is asked when the place is there, and its place goes to the next; who comes then does not even wait."""

    async def work() -> None:
        numbers = Resilience(declared.Breaker(minimum=1), bulkhead=declared.Bulkhead(most=1, waiting=2, longest_wait=1))
        guard = Guard(numbers, asyncio.get_running_loop().time)
        ticket = let_in(guard)

        async def later() -> int:
            waiting = guard.admit(N, FAR)
            assert not isinstance(waiting, int)
            return await waiting

        tasks = [asyncio.create_task(later()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Refused) as full:
            guard.admit(N, FAR)
        assert (full.value.again, full.value.problem.slug, full.value.problem.retry_after) == (None, "overloaded", 1)
        guard.breaker.record(False, ticket)
        with pytest.raises(Refused, match="open"):
            guard.admit(Priority.CRITICAL, FAR)
        guard.record(ticket, 0.0, 0.0, ok=None)
        guard.leave()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [Refused, Refused]
        assert (guard.door.inside, guard.door.in_flight, guard.door.waiting) == (0, 0, 0)

    run(work())


def test_who_is_cancelled_while_it_waits_leaves_nothing_behind() -> None:
    """Nor does who got its place in that very moment: the next has it."""

    async def work() -> None:
        guard = Guard(Resilience(bulkhead=declared.Bulkhead(most=1)), asyncio.get_running_loop().time)
        ticket = let_in(guard)

        async def later() -> int:
            waiting = guard.admit(N, FAR)
            return waiting if isinstance(waiting, int) else await waiting

        gone, lucky, last = (asyncio.create_task(later()) for _ in range(3))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        guard.record(ticket, 0.0, 0.01, ok=True)
        guard.leave()
        lucky.cancel()
        assert await last
        assert (guard.door.inside, guard.door.in_flight, guard.door.waiting) == (1, 1, 0)

    run(work())


def test_one_that_is_slow_does_not_touch_the_other() -> None:
    """Each upstream has a door of its own: where one has no room left, requests for others are let in at once."""

    async def work() -> None:
        numbers = Declaration(Resilience(bulkhead=declared.Bulkhead(most=2, waiting=0)))
        guards = Guards(numbers, asyncio.get_running_loop().time)
        slow = guards.of(Owner.SERVICE, "users")
        let_in(slow)
        let_in(slow)
        with pytest.raises(Refused):
            slow.admit(N, FAR)
        let_in(guards.of(Owner.MONOLITH, "users"))
        let_in(guards.of(Owner.SERVICE, "orders"))

    run(work())


def test_each_side_of_each_context_has_its_own() -> None:
    """A service in trouble does not close the monolith's gate, and other contexts have their own numbers."""
    few = Resilience(bulkhead=declared.Bulkhead(most=1))
    guards = Guards(Declaration(contexts={"users": few}), Clock())
    assert guards.of(Owner.SERVICE, "users") is guards.of(Owner.SERVICE, "users")
    assert guards.of(Owner.SERVICE, "users") is not guards.of(Owner.MONOLITH, "users")
    assert guards.of(Owner.SERVICE, "users").declared == few
    assert guards.of(Owner.MONOLITH, "-").declared == Resilience()


def test_a_monolith_that_is_well_for_one_context_is_tried_for_the_others() -> None:
    """It is one process for all of them: where few ask, it would be left alone long after it has come back. Services are not."""
    clock = Clock()
    numbers = declared.Breaker(minimum=1, open_seconds=2.0, probes=1)
    patient = Resilience(breaker=declared.Breaker(minimum=1, open_seconds=8.0))
    guards = Guards(Declaration(Resilience(numbers), contexts={"orders": patient}), clock)
    users, orders, other = (guards.of(Owner.MONOLITH, context) for context in ("users", "orders", "-"))
    service = guards.of(Owner.SERVICE, "orders")
    for guard in (users, orders, service):
        fail(guard)
    clock.now += 2
    assert (orders.breaker.opens_in(), service.breaker.opens_in()) == (6.0, 6.0)
    users.record(let_in(users), 0.0, 0.01, ok=True)
    assert users.breaker.state is State.CLOSED
    assert (orders.breaker.opens_in(), service.breaker.opens_in()) == (0.0, 6.0)
    assert let_in(orders)
    assert orders.breaker.state is State.HALF_OPEN
    assert other.breaker.state is State.CLOSED


def test_new_numbers_keep_what_is_known_where_nothing_changed() -> None:
    """A swap of the declaration does not close breakers that are open for a reason."""
    guards = Guards(Declaration(), Clock())
    users, orders = guards.of(Owner.SERVICE, "users"), guards.of(Owner.SERVICE, "orders")
    guards.declare(Declaration(contexts={"users": Resilience(bulkhead=declared.Bulkhead(most=1))}))
    assert guards.of(Owner.SERVICE, "orders") is orders
    assert guards.of(Owner.SERVICE, "users") is not users
    assert guards.of(Owner.SERVICE, "users").breaker.state is State.CLOSED
    assert guards.of(Owner.SERVICE, "users").explain() == (
        "breaker closed: of the last 0 requests 0 failed and 0 were slow; 0 of 1 asked at once, 0 of 1 places taken, "
        "0 of 4096 wait, 0 refused so far; 100 repetitions left, 0 refused so far"
    )


def test_who_gives_up_makes_room_in_the_queue() -> None:
    """However many come and go, no more is kept than may wait."""

    async def work() -> None:
        guard = Guard(Resilience(bulkhead=declared.Bulkhead(most=1, waiting=2)), asyncio.get_running_loop().time)
        let_in(guard)

        async def waits(waiting: Waiting) -> int:
            return await waiting

        def comes() -> tuple[Waiting, asyncio.Task[int]]:
            waiting = guard.admit(N, FAR)
            assert isinstance(waiting, Waiting)
            return waiting, asyncio.create_task(waits(waiting))

        _, stays = comes()
        for _ in range(10):
            waiting, task = comes()
            await asyncio.sleep(0)
            waiting.give_up()
            assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
        assert guard.door.waiting == sum(len(queue) for queue in guard.door._queues) == 1
        stays.cancel()

    run(work())
