"""How much concurrency an upstream can bear, found from its answers. Pure: the clock is passed in.

The limit grows as long as it is in use and nothing speaks against it. What speaks against it is that answers take longer than
they did, or fail more, while more is under way than was known to do no harm. That is a suspicion and no proof: an upstream may be
slower, or asked for slower things, without anybody standing in line. So a lower limit is put on trial (`trial`): throughput that
does not follow concurrency is the proof, as in BBR and in the covariance of Uber's Cinnamon. Where the latency is not of our
making, the old limit is in force again, and what was seen is the new normal. A limit that keeps somebody waiting is tried now and
then without a suspicion too, for what was slow from the start never looks suspicious (as Envoy measures its minRTT anew).

An answer that lay here before this process came to read it is no slow answer: three turns of the event loop are taken off, the
one in which the request was written, the one at whose end it was sent, and the one before the answer was read.

It refuses to lower a limit because of latency alone, and to grow one that nobody uses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from statistics import fmean, median
from typing import Final

from facade.admission.trial import Seen, Trial, Verdict

_SLOWER: Final = 2.0
"""So many times what is usual is suspicious."""
_WORSE: Final = 0.1
"""So much more of the answers failing, too."""
_MORE: Final = 1.25
"""So many times what is known to do no harm."""
_LEARNT: Final = 0.3
"""Such a part of the way the base follows latencies that are shorter."""
_FORGOTTEN: Final = 0.995
"""In each round, of the concurrency that is known to do no harm."""
_UNUSED: Final = 0.95
"""In each round, of a limit that is four times what is used."""
_TRIED: Final = 0.625
"""Of the concurrency that was seen; four fifths of it, which are open to all, are a half."""
_TURNS: Final = 3
_MOST_SAMPLES: Final = 100
_FEWEST_SAMPLES: Final = 10
_MEASURED: Final = 50
"""Answers from which a rate is told."""
_LASTING: Final = 2.0
"""Seconds for which somebody was kept waiting before a limit is tried without a suspicion."""
_CAREFUL: Final = 10.0
"""Seconds after a trial in which a limit is not doubled."""
_VALID: Final = 30.0
"""Seconds for which a proof holds."""
_LONGEST_WAIT: Final = 3.0
"""Seconds that are waited for slow answers."""
_STEPS: Final[tuple[float, ...]] = (1.1, 1.3, 2.0)
"""By which a limit grows in a round, one after another: the first after it was proven, the last when that is long ago."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times in seconds. Within `least` and `most`; `initial` before anything is known.

    Answers that take `tolerated` longer than usual are not suspicious, however short they usually are. A round takes `window` and
    `samples` answers, or as many as the limit. A limit that keeps somebody waiting is tried once in `relearn`.
    """

    least: int = 8
    initial: int = 64
    most: int = 1024
    tolerated: float = 0.05
    window: float = 0.1
    samples: int = 30
    relearn: float = 10.0


class AdaptiveLimit:
    """`limit` is how many requests may be under way; `base` the usual latency in seconds, None while it is not known.

    `pressed` is set by who keeps somebody waiting because of it. `lag` tells the longest turn of the event loop, lately.
    """

    __slots__ = (
        "_all", "_chain", "_due", "_failing", "_forgiven", "_good", "_known", "_lag", "_latencies", "_mean", "_opened", "_proven",
        "_settled", "_since", "_step", "_trial", "_tuning", "_until", "base", "limit", "pressed",
    )  # fmt: skip

    def __init__(self, tuning: Tuning, now: float, lag: Callable[[], float] = lambda: 0.0) -> None:
        self._tuning = tuning
        self._lag = lag
        self.limit = max(tuning.least, min(tuning.initial, tuning.most))
        self.base: float | None = None
        self._failing = self._mean = 0.0
        self._forgiven = -inf
        self._known = float(tuning.least)
        self._trial: Trial | None = None
        self._chain = self._settled = False
        self._step = _STEPS[-1]
        self._proven = -inf
        self._due = now + _LASTING
        self._since = now
        self._latencies: list[float] = []
        self._open(now)

    def proven(self, now: float) -> bool:
        """Whether it is known, and not only feared, that the upstream cannot do more."""
        return self._trial is None and now < self._proven + _VALID

    def sample(self, now: float, seconds: float, in_flight: int, ok: bool) -> None:
        """An answer after `seconds`, while `in_flight` were under way, it included. `ok`: not if it was late, broke off or was
        refused by the upstream.
        """
        self._all += 1
        if ok:
            self._good += 1
            if now - seconds >= self._since and len(self._latencies) < _MOST_SAMPLES:
                self._latencies.append(seconds)
        if self._since > now and in_flight <= self.limit:
            self._since = now
        if now >= self._until:
            self.look(now)

    def look(self, now: float) -> None:
        """Judge what has been seen when it is time; to be called, too, while nothing comes back at all."""
        if now < self._until:
            return
        if self._trial is not None:
            self._go_on(now, self._trial)
        elif self._enough():
            self._judge(now, self._seen(now))

    def _enough(self) -> bool:
        return len(self._latencies) >= max(_FEWEST_SAMPLES, min(self._tuning.samples, self.limit))

    def _seen(self, now: float) -> Seen:
        latencies = self._latencies
        self._mean = mean = fmean(latencies)
        rate = self._good / (now - self._opened)
        typical = max(0.0, median(latencies) - _TURNS * self._lag())
        return Seen(typical, mean, rate * mean, rate, 1 - self._good / self._all)

    # ---- without a trial

    def _judge(self, now: float, seen: Seen) -> None:
        tuning = self._tuning
        slow = self.base is not None and seen.typical > max(self.base * _SLOWER, self.base + tuning.tolerated)
        if now >= self._forgiven:
            self._failing = 0.0
        worse = seen.failing > self._failing + _WORSE
        if not self.pressed:
            self._due = max(self._due, now + _LASTING)
        due = self.pressed and now >= self._due and seen.typical * 2 > seen.mean  # else it is ourselves who are slow
        if due or worse or (slow and (self.pressed or self._chain or seen.used > self._known * _MORE)):
            self._try(now, seen, thorough=due)
            return
        if not slow:
            self._learn(seen)
            if self.pressed:
                self._grow(now)
        if not self.pressed and seen.used * 4 < self.limit:
            self.limit = max(min(tuning.initial, self.limit), int(self.limit * _UNUSED))
        self._open(now)

    def _learn(self, seen: Seen) -> None:
        self._chain = False
        self._known = max(self._known * _FORGOTTEN, seen.used, self._tuning.least)
        if self.base is None or seen.used <= self._tuning.least / 2:
            self.base = seen.typical
        elif seen.typical < self.base:
            self.base += _LEARNT * (seen.typical - self.base)

    def _accept(self, now: float, seen: Seen) -> None:
        """It is not of our making."""
        self.base = seen.typical
        self._failing = seen.failing
        self._forgiven = now + self._tuning.relearn
        self._known = max(seen.used, float(self._tuning.least))
        self._chain = False

    def _grow(self, now: float) -> None:
        """Doubled, but step by step after a limit was found."""
        limit = min(self._tuning.most, max(self.limit + 1, int(self.limit * self._step)))
        if self._step < _STEPS[1] or now > self._proven + _CAREFUL:
            self._step = _STEPS[min(_STEPS.index(self._step) + 1, len(_STEPS) - 1)]
        self.limit = limit

    # ---- on trial

    def _try(self, now: float, seen: Seen, *, thorough: bool) -> None:
        lower = max(self._tuning.least, int(min(seen.used, self.limit) * _TRIED))
        trial = Trial(self.limit, lower, seen, thorough)
        if thorough:
            self._due = now + self._tuning.relearn
        if not trial.telling():
            self._accept(now, seen)
            self._open(now)
            return
        self._trial, self._settled = trial, False
        self.limit = lower
        self._since = inf
        self._open(now)

    def _go_on(self, now: float, trial: Trial) -> None:
        """At first what was under way before has to come back, and counts for neither side, unless nothing does."""
        settled = self._since < inf
        if settled and not self._settled:
            self._settled = True
            self._open(now)
            measured = max(self._tuning.window, _MEASURED / max(trial.before.rate, 1.0), trial.before.mean)
            self._until = now + min(measured, _LONGEST_WAIT)
            return
        verdict = trial.measured(self._good / (now - self._opened), pressed=self.pressed)
        if verdict is not None:
            self._end(now, trial, verdict)
        elif not settled:
            self._open(now)
        elif self._enough():
            seen = self._seen(now)
            self._end(now, trial, trial.compared(seen.typical, seen.failing, self._failing))

    def _end(self, now: float, trial: Trial, verdict: Verdict) -> None:
        self._trial = None
        if verdict is Verdict.PROVEN:
            self._proven = now
            self._step = _STEPS[0]
            self._chain = True
            self._known = float(self.limit)
            if trial.thorough:
                self._due = now
        else:
            self.limit = trial.limit
            self._since = min(self._since, now)
            if verdict is Verdict.REFUTED:
                self._accept(now, trial.before)
        self._open(now)

    def _open(self, now: float) -> None:
        """Begin a round, which lasts for a latency at least: of what began in it, the quick ones come back first."""
        self._opened = now
        self._until = now + max(self._tuning.window, min(self._mean, _LONGEST_WAIT))
        self._good = self._all = 0
        self.pressed = False
        self._latencies.clear()
