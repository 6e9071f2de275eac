"""Sampling: shares and allowances."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.tracing.sampling import Allowance, below
from tests.unit.facade.resilience.clock import Clock

NUMBERS = st.integers(1, 2**64 - 1)


@given(NUMBERS, st.floats(0.0001, 0.9999))
def test_a_number_is_sampled_as_by_trace_id_ratio(number: int, ratio: float) -> None:
    """Who decides by OpenTelemetry's rule, the low half of the trace's id against the ratio, decides the same."""
    assert (b"%016x" % number < below(ratio)) == (number < int(ratio * 2**64))


@given(NUMBERS)
def test_all_is_all_and_nothing_is_nothing(number: int) -> None:
    """The ends of the range are exact, and what is beyond them means the ends."""
    digits = b"%016x" % number
    assert digits < below(1.0)
    assert digits < below(7.0)
    assert not digits < below(0.0)
    assert not digits < below(-1.0)


@pytest.mark.parametrize("rate", [0.5, 1.0, 10.0, 250.0])
def test_an_allowance_is_kept_over_time(rate: float) -> None:
    """At most a second's worth at once, then as many a second as were allowed."""
    clock = Clock()
    allowance = Allowance(rate, clock)
    assert sum(allowance.take() for _ in range(1000)) == max(int(rate), 1)
    taken = 0
    for _ in range(4000):
        clock.now += 0.005
        taken += allowance.take()
    assert taken == pytest.approx(20 * min(rate, 200), abs=1)


def test_an_allowance_may_be_nothing_or_everything() -> None:
    """Nought lets nobody through, and no limit everybody."""
    clock = Clock()
    none, all_ = Allowance(0.0, clock), Allowance(float("inf"), clock)
    for _ in range(100):
        assert not none.take()
        assert all_.take()
        clock.now += 1.0
