"""Pauses: within their bounds, and never into the deadline."""

from hypothesis import given
from hypothesis import strategies as st

from facade.resilience import declared
from facade.resilience.backoff import LEAST_LEFT, pause

NUMBERS = declared.Backoff(first=0.1, longest=1.0)


@given(st.integers(0, 10_000), st.floats(-1, 100), st.floats(0, 1, exclude_max=True))
def test_pause_leaves_time_to_ask(retry: int, left: float, draw: float) -> None:
    """It lies between nothing and the declared bound, and an attempt still fits before the deadline."""
    seconds = pause(NUMBERS, retry, left, draw)
    if left < LEAST_LEFT:
        assert seconds is None
    else:
        assert seconds is not None
        assert 0 <= seconds <= min(NUMBERS.longest, left)
        assert left - seconds >= LEAST_LEFT - 1e-9


def test_bound_doubles() -> None:
    """The whole interval is used, from nothing up to twice the bound before."""
    assert [pause(NUMBERS, retry, 100, 0.5) for retry in range(5)] == [0.05, 0.1, 0.2, 0.4, 0.5]
    assert pause(NUMBERS, 3, 100, 0.0) == 0
