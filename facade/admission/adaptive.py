"""How much concurrency what is behind the gateway can bear, found from latencies. Pure: the clock is passed in.

A gradient algorithm, as in Netflix' concurrency-limits (`GradientLimit`, https://github.com/Netflix/concurrency-limits) and in
Envoy's adaptive concurrency filter: in each window the latency is compared with the one without load (`base`), and
`limit = limit * tolerance * base / latency + sqrt(limit)`, in which the factor is between 0.5 and 1, and the root is the queue
that is tolerated. `base` is the lowest median. So that neither a load that never ends is taken for it, nor one that is outdated
goes on being believed, it is measured anew at half the concurrency: soon after the start, when the limit has fallen by half,
again soon while that finds another one, and then whenever it was not seen for long (as TCP BBR does). A limit that stays at the
minimum measures it too, since then the latency is not of our making (as Envoy does).

It refuses to grow a limit that nobody uses, and to learn from answers that failed: they are fast for the wrong reason.
"""

from dataclasses import dataclass
from math import inf, sqrt
from statistics import median
from typing import Final

_SMOOTHING: Final = 0.3
_STEEPEST: Final = 0.5
_BACK_OFF: Final = 0.9
_FAILING: Final = 0.1
_SAME: Final = 1.1
_MEASURES: Final = 5
_FALLEN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times in seconds. `initial` before anything is known; `tolerance`: so many times the base are no sign of a queue.

    A window takes `window` and at least `samples` answers, of which `most_samples` are looked at. The base is measured anew when
    it was not seen for `relearn`, or after `confirm` when it is in doubt; that takes at most `longest_probe`. Answers that take
    `trivial` or less are no sign of a queue, however much less they took before: on a busy machine a millisecond becomes ten.
    """

    minimum: int = 8
    maximum: int = 2_000
    initial: int = 100
    trivial: float = 0.0
    window: float = 0.1
    samples: int = 10
    most_samples: int = 200
    tolerance: float = 1.25
    relearn: float = 30.0
    confirm: float = 1.0
    longest_probe: float = 3.0


class AdaptiveLimit:
    """`limit` is how many requests may be in flight; `base` the latency without load in seconds, None while it is not known.

    `probing`: the limit is lowered just now to measure the base.
    """

    __slots__ = (
        "_at_minimum", "_certain", "_due", "_ends", "_estimate", "_failed", "_gives_up", "_latencies", "_most", "_peak",
        "_probe_from", "_tuning", "base", "limit", "probing",
    )  # fmt: skip

    def __init__(self, tuning: Tuning, now: float) -> None:
        self._tuning = tuning
        self._estimate = self._peak = float(tuning.initial)
        self._ends = now + tuning.window
        self._due = now + tuning.confirm
        self._certain = False
        self._latencies: list[float] = []
        self._failed = self._most = self._at_minimum = 0
        self._probe_from = self._gives_up = inf
        self.probing = False
        self.base: float | None = None
        self.limit = tuning.initial

    def sample(self, now: float, latency: float, in_flight: int, *, ok: bool) -> None:
        """An answer after `latency` seconds while `in_flight` requests were under way, it included. `ok`: not if it was late,
        broke off or was refused by what is behind.
        """
        if self.probing and not self._counts(now, latency, in_flight):
            return
        self._most = max(self._most, in_flight)
        if not ok:
            self._failed += 1
        elif len(self._latencies) < self._tuning.most_samples:
            self._latencies.append(latency)
        if now >= self._ends and len(self._latencies) + self._failed >= self._tuning.samples:
            self._close(now)

    def _counts(self, now: float, latency: float, in_flight: int) -> bool:
        """During a probe only what began after the number in flight had come down."""
        if now >= self._gives_up:
            self._end_probe(now, None)
            return True
        if self._probe_from == inf and in_flight <= self.limit:
            self._probe_from = now
        return now - latency >= self._probe_from

    def _close(self, now: float) -> None:
        middle = median(self._latencies) if self._latencies else None
        if self.probing:
            self._end_probe(now, middle)
        else:
            if middle is not None:
                self._learn(now, middle)
            self._adjust(middle)
            harmless = middle is not None and middle <= self._tuning.trivial
            if not harmless and (now >= self._due or self._estimate < self._peak * _FALLEN):
                self._begin_probe(now)
        self._latencies.clear()
        self._failed = self._most = 0
        self._ends = now + self._tuning.window

    def _learn(self, now: float, middle: float) -> None:
        self._at_minimum = self._at_minimum + 1 if self.limit <= self._tuning.minimum else 0
        if self.base is None or middle < self.base or self._at_minimum >= _MEASURES:
            self.base = middle
        if self._certain and middle <= self.base * _SAME:
            self._due = now + self._tuning.relearn

    def _adjust(self, middle: float | None) -> None:
        estimate = self._estimate
        if self._failed > (self._failed + len(self._latencies)) * _FAILING:
            self._set(estimate * _BACK_OFF)
        elif middle and self.base is not None:
            usual = max(self.base, self._tuning.trivial)
            factor = max(_STEEPEST, min(1.0, self._tuning.tolerance * usual / middle))
            wanted = estimate * factor + sqrt(estimate)
            if wanted < estimate or self._most * 2 >= self.limit:
                self._set(estimate + _SMOOTHING * (wanted - estimate))

    def _set(self, estimate: float) -> None:
        self._estimate = max(self._tuning.minimum, min(self._tuning.maximum, estimate))
        self._peak = max(self._peak, self._estimate)
        self.limit = int(self._estimate)

    def _begin_probe(self, now: float) -> None:
        self.probing = True
        self._probe_from = inf
        self._gives_up = now + self._tuning.longest_probe
        self.limit = max(self._tuning.minimum, min(self.limit, self._most) // 2)

    def _end_probe(self, now: float, middle: float | None) -> None:
        self.probing = False
        self.limit = int(self._estimate)
        self._peak = self._estimate
        self._certain = middle is None or self.base is None or self.base / _SAME <= middle <= self.base * _SAME
        self._due = now + (self._tuning.relearn if self._certain else self._tuning.confirm)
        if middle is not None:
            self.base = middle
