"""How long to wait before a repetition.

Full jitter: drawn from the whole interval from nothing to a bound that doubles, so that clients who failed together do
not come back together (M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015). It refuses to use up
the time that is left: who waits until the deadline has no time to ask.
"""

from typing import Final

from facade.resilience import declared

LEAST_LEFT: Final = 0.005
"""Seconds that an attempt needs to be worth a wait."""
_FIRST: Final = 0.005
_LONGEST: Final = 0.4
_GROWTH: Final = 1.6


def pause(numbers: declared.Backoff, retry: int, left: float, draw: float) -> float | None:
    """Seconds to wait before the `retry`-th repetition (from 0) with `left` seconds to the deadline; None when there is no time
    for one. `draw` is from [0, 1).
    """
    most = left - LEAST_LEFT
    if most < 0:
        return None
    return min(draw * min(numbers.longest, numbers.first * 2.0 ** min(retry, 30)), most)


def redirected(count: int) -> float:
    """Seconds before a request is sent to the other side again, after it was sent there and back `count` times. A hand-over takes
    milliseconds.
    """
    return float(min(_FIRST * _GROWTH**count, _LONGEST))
