"""Pauses grow, are jittered, and give way to what the service asks for."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.client.errors import Interrupted, Refused
from chassis.client.retries import Backoff, RetryBudget, may_repeat, pause_after


@given(st.integers(0, 60), st.floats(0, 1))
def test_a_pause_is_never_longer_than_the_longest(retry: int, share: float) -> None:
    """The doubling ends; full jitter may shorten a pause to nothing."""
    assert 0 <= Backoff(first=0.02, longest=1.0).pause(retry, share) <= 1.0


def test_pauses_double() -> None:
    """With the whole interval drawn, each pause is twice the one before."""
    pauses = [Backoff(first=0.1, longest=1.0).pause(retry, 1.0) for retry in range(5)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0]


def test_a_service_that_asks_for_time_gets_it() -> None:
    """`Retry-After` is a lower bound; a date in it, which nobody here sends, is not."""
    assert pause_after(Refused("users", 503, {}, "7"), Backoff(), 0) == 7
    assert pause_after(Refused("users", 503, {}, "Fri, 31 Dec 1999 23:59:59 GMT"), Backoff(), 0) < 1


def test_only_what_cannot_harm_is_repeated() -> None:
    """An interrupted write may have been executed; a 404 stays one."""
    assert may_repeat(Interrupted("users"), idempotent=True)
    assert not may_repeat(Interrupted("users"), idempotent=False)
    assert not may_repeat(Refused("users", 404, {}), idempotent=True)


def test_a_budget_is_earned_by_calls() -> None:
    """Five calls at a fifth each pay for one retry; saving up ends at the reserve."""
    budget = RetryBudget(share=0.2, reserve=1.0)
    assert budget.spend()
    assert not budget.spend()
    for _ in range(5):
        budget.earn()
    assert budget.spend()
    for _ in range(100):
        budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]
