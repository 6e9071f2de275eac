"""The retry budget: how many repetitions a mass of failures may add."""

from hypothesis import given
from hypothesis import strategies as st

from facade.resilience import declared
from facade.resilience.budget import Budget
from tests.unit.facade.resilience.clock import Clock


@given(st.integers(0, 400), st.floats(0, 1), st.integers(0, 5))
def test_repetitions_within_the_window_are_a_share_and_a_reserve(requests: int, share: float, per_second: int) -> None:
    """Though every request fails and wants to be repeated for ever, no more is repeated than that."""
    numbers = declared.Retries(window=10.0, share=share, per_second=per_second)
    budget = Budget(numbers, Clock())
    spent = 0
    for _ in range(requests):
        budget.earn()
        spent += sum(budget.spend() for _ in range(3))
    most = requests * share + per_second * 10
    assert spent <= most + 1e-6
    assert spent >= min(3 * requests, int(most + 1e-6) - 1)


def test_what_was_not_spent_expires() -> None:
    """A quiet hour does not save up for a storm; after the window the reserve is there again."""
    clock = Clock()
    budget = Budget(declared.Retries(window=10.0, share=0.5, per_second=0.1), clock)
    for _ in range(100):
        budget.earn()
    clock.now += 60
    assert [budget.spend() for _ in range(3)] == [True, False, False]
    assert budget.refused == 2
    clock.now += 60
    assert budget.spend()


def test_explain_does_not_spend() -> None:
    """Looking is free."""
    budget = Budget(declared.Retries(per_second=1), Clock())
    budget.spend()
    assert budget.explain() == budget.explain() == "9 repetitions left, 0 refused so far"
