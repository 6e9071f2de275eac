"""Which requests are sampled: the numbers behind the decision. No input or output; clock and chance are given.

A trace that begins here is sampled by the number in its id, as OpenTelemetry's `TraceIdRatioBased` does it: whoever decides again
by the same ratio decides the same.
"""

from collections.abc import Callable

SAMPLED = 0x01
"""The flag of `traceparent` that says that the caller may have recorded its span."""
RANDOM = 0x02
"""The one that says that the trace's id is random (W3C Trace Context, level 2); who goes on with the id goes on with the flag."""

_NUMBERS = 1 << 64
_ABOVE_ALL = b"g"


def below(ratio: float) -> bytes:
    """The bound under which a number of 16 hexadecimal digits is sampled, so that this share of all numbers is."""
    if ratio >= 1:
        return _ABOVE_ALL
    return b"%016x" % int(max(ratio, 0.0) * _NUMBERS)


class Allowance:
    """At most `rate` a second over time, and at most a second's worth (or one) at once."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._most = max(rate, 1.0) if rate > 0 else 0.0
        self._left = self._most
        self._clock = clock
        self._counted = clock()

    def take(self) -> bool:
        """Whether there is one left; it is gone then."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._counted) * self._rate)
        self._counted = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
