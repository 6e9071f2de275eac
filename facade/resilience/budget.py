"""A retry budget: what repetitions may add to the load of an upstream that is in trouble already.

As Finagle's RetryBudget (K. Oliver, Retry Budgets, Finagle blog, 2016): repetitions within a window are at most a share
of the requests within it, plus so many a second that a quiet upstream may be asked twice at all. It refuses to know
whether a repetition is safe; and it is to be asked only where the upstream may have worked on the attempt before.
"""

from collections.abc import Callable
from typing import Final

from facade.resilience import declared
from facade.resilience.window import Window

_REQUEST, _REPETITION = range(2)
_BUCKETS: Final = 10


class Budget:
    """One upstream's. `refused` counts repetitions that it did not allow; `clock` gives seconds and never goes back."""

    __slots__ = ("_clock", "_counts", "_reserve", "_share", "refused")

    def __init__(self, numbers: declared.Retries, clock: Callable[[], float]) -> None:
        self._share = numbers.share
        self._reserve = numbers.per_second * numbers.window
        self._counts = Window(2, numbers.window, _BUCKETS)
        self._clock = clock
        self.refused = 0

    def earn(self) -> None:
        """Count a request (not each of its attempts)."""
        self._counts.add(_REQUEST, self._clock())

    def spend(self) -> bool:
        """Count a repetition, if it may be; whether it may."""
        now = self._clock()
        if self._left(now) < 1:
            self.refused += 1
            return False
        self._counts.add(_REPETITION, now)
        return True

    def explain(self) -> str:
        """What is left, in one line."""
        return f"{max(0, int(self._left(self._clock())))} repetitions left, {self.refused} refused so far"

    def _left(self, now: float) -> float:
        self._counts.roll(now)
        requests, repetitions = self._counts.totals
        return requests * self._share + self._reserve - repetitions
