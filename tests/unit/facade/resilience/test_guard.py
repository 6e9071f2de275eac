"""Breaker and bulkhead together: who is let through, and what a refusal leaves behind."""

import asyncio

import pytest

from facade.resilience import declared
from facade.resilience.breaker import State
from facade.resilience.declared import Declaration, Resilience
from facade.resilience.guard import Guard, Guards, Refused
from migrations_tools.phases import Owner
from tests.unit.facade.resilience.clock import Clock, run

FAR = float("inf")


def test_open_breaker_refuses_without_holding_a_place() -> None:
    """The refusal says when to come again, and the bulkhead is as empty as before."""
    clock = Clock()
    guard = Guard(Resilience(breaker=declared.Breaker(minimum=1, open_seconds=2.0)), clock)
    ticket = guard.admit(FAR)
    assert isinstance(ticket, int)
    guard.breaker.record(False, ticket)
    guard.bulkhead.leave()
    with pytest.raises(Refused, match="open") as refused:
        guard.admit(FAR)
    assert refused.value.retry_after == 2.0
    assert guard.bulkhead.inside == 0


def test_breaker_that_opens_meanwhile_refuses_who_waited() -> None:
    """The breaker is asked when the place is there, and its place goes to the next."""

    async def work() -> None:
        numbers = Resilience(declared.Breaker(minimum=1), bulkhead=declared.Bulkhead(most=1, waiting=2, longest_wait=1))
        guard = Guard(numbers, asyncio.get_running_loop().time)
        ticket = guard.admit(FAR)
        assert isinstance(ticket, int)

        async def later() -> int:
            waiting = guard.admit(FAR)
            assert not isinstance(waiting, int)
            return await waiting

        tasks = [asyncio.create_task(later()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Refused) as full:
            guard.admit(FAR)
        assert full.value.retry_after is None
        guard.breaker.record(False, ticket)
        guard.bulkhead.leave()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [Refused, Refused]
        assert (guard.bulkhead.inside, guard.bulkhead.waiting) == (0, 0)

    run(work())


def test_each_side_of_each_context_has_its_own() -> None:
    """A service in trouble does not close the monolith's gate, and other contexts have their own numbers."""
    few = Resilience(bulkhead=declared.Bulkhead(most=1))
    guards = Guards(Declaration(contexts={"users": few}), Clock())
    assert guards.of(Owner.SERVICE, "users") is guards.of(Owner.SERVICE, "users")
    assert guards.of(Owner.SERVICE, "users") is not guards.of(Owner.MONOLITH, "users")
    assert guards.of(Owner.SERVICE, "users").declared == few
    assert guards.of(Owner.MONOLITH, "-").declared == Resilience()


def test_new_numbers_keep_what_is_known_where_nothing_changed() -> None:
    """A swap of the declaration does not close breakers that are open for a reason."""
    guards = Guards(Declaration(), Clock())
    users, orders = guards.of(Owner.SERVICE, "users"), guards.of(Owner.SERVICE, "orders")
    guards.declare(Declaration(contexts={"users": Resilience(bulkhead=declared.Bulkhead(most=1))}))
    assert guards.of(Owner.SERVICE, "orders") is orders
    assert guards.of(Owner.SERVICE, "users") is not users
    assert guards.of(Owner.SERVICE, "users").breaker.state is State.CLOSED
    assert guards.of(Owner.SERVICE, "users").explain() == (
        "breaker closed: of the last 0 requests 0 failed and 0 were slow; 0 of 1 places taken, 0 of 512 wait, 0 refused so far; "
        "100 repetitions left, 0 refused so far"
    )
