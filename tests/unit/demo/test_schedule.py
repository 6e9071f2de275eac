"""The arrival schedule."""

from itertools import islice

import pytest

from migrations_tools.demo.schedule import arrivals


def test_every_second_holds_the_rate_to_within_one() -> None:
    """Whatever the dice say, a rate of 120/s is at least 119 in each second."""
    due = list(islice(arrivals(120, seed=7), 1200))
    for second in range(9):
        assert abs(sum(second <= offset < second + 1 for offset in due) - 120) <= 1


def test_a_seed_is_a_schedule() -> None:
    """The same seed gives the same due times, another seed others."""
    first, again, other = (list(islice(arrivals(50, seed), 20)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_no_rate_is_refused() -> None:
    """A rate that never comes due is an error at once, not a hang."""
    with pytest.raises(ValueError, match="no schedule"):
        arrivals(0, 1)
