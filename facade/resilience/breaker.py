"""A circuit breaker: an upstream that fails is left alone for a while, then tried by a few requests.

Closed: everything passes and is counted. Open: nothing passes. Half open: a few probes pass; when all succeed it
closes, when one fails it opens again, for twice as long. (M. Nygard, Release It!, 2007; rolling counts and minimum
volume as in Netflix' Hystrix.) Pure: the clock is passed in. It refuses to count results of requests that were admitted
in an earlier state: they say nothing about the upstream of now.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum

from facade.resilience import declared
from facade.resilience.window import Window

_GOOD, _BAD, _SLOW = range(3)


class State(Enum):
    """Of a breaker; the value is what metrics show."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """One upstream's. Every ticket of `allow` is given back by exactly one `record` or `forget`.

    `state` and `transitions` (how often each state was entered) are for metrics; `clock` gives seconds and never goes back.
    `on_closed` is called when a trial has shown that the upstream is well again.
    """

    __slots__ = (
        "_calls", "_clock", "_deaf", "_declared", "_hinted", "_in_row", "_minimum", "_probes_left", "_probes_missing",
        "_slow_seconds", "_ticket", "_tried", "_until", "on_closed", "state", "transitions",
    )  # fmt: skip

    def __init__(
        self, numbers: declared.Breaker, clock: Callable[[], float], on_closed: Callable[[], None] = lambda: None
    ) -> None:
        self._declared = numbers
        self.on_closed = on_closed
        self._clock = clock
        self._calls = Window(3, numbers.window, numbers.buckets)
        self._minimum = numbers.minimum
        self._slow_seconds = numbers.slow_seconds or float("inf")
        self._ticket = 1
        self._tried = self._until = 0.0
        self._in_row = 0
        self._hinted = self._deaf = False
        self._probes_left = self._probes_missing = 0
        self.state = State.CLOSED
        self.transitions: Counter[State] = Counter()

    def allow(self) -> int:
        """A ticket for one request, or 0 when none may pass now."""
        if self.state is State.CLOSED:
            return self._ticket
        return self._admit_probe()

    def record(self, ok: bool, ticket: int, seconds: float = 0.0) -> None:
        """How the request with this ticket ended, and how long its answer took to begin."""
        if ticket != self._ticket:
            return
        if self.state is State.CLOSED:
            now = self._clock()
            self._calls.add(_BAD if not ok else _GOOD if seconds <= self._slow_seconds else _SLOW, now)
            if (not ok or seconds > self._slow_seconds) and self._too_bad():
                self._open(now)
        elif not ok or seconds > self._slow_seconds:
            self._open(self._clock())
        else:
            self._probes_missing -= 1
            if self._probes_missing == 0:
                self._close()

    def forget(self, ticket: int) -> None:
        """The request with this ticket ended without saying anything about the upstream: its client left, say."""
        if ticket == self._ticket and self.state is State.HALF_OPEN:
            self._probes_left += 1

    def try_now(self) -> None:
        """There is reason to believe that the upstream is well: an open breaker lets its probes pass from now on. Once that was
        not so, a trial of its own has to fail before it is believed again.
        """
        if self.state is State.OPEN and not (self._hinted or self._deaf):
            self._until = min(self._until, self._clock())
            self._hinted = True

    def opens_in(self) -> float:
        """Seconds until a request may try the upstream again; 0 unless it is open."""
        return max(0.0, self._until - self._clock()) if self.state is State.OPEN else 0.0

    def hopeful(self) -> bool:
        """Whether it is worth a wait: it opened for the first time, and its trial is yet to come or under way. An upstream whose
        writers wait for a hand-over answers its trial late, and all of it is lost if those who ask meanwhile are sent away.

        A later trial is waited for as long as the first opening lasts. One that goes well is over by then, and those who come to
        an upstream that answers again would be sent away for its sake; one that hangs would keep a queue for nothing.
        """
        if self._in_row <= 1:
            return True
        return self.state is State.HALF_OPEN and self._clock() < self._tried + self._declared.open_seconds

    def explain(self) -> str:
        """Its state and what it is based on, in one line."""
        if self.state is State.OPEN:
            return f"open for {self.opens_in():.2f} s more"
        if self.state is State.HALF_OPEN:
            return f"half open, {self._probes_left} of {self._declared.probes} probes still to be sent"
        self._calls.roll(self._clock())
        good, bad, slow = self._calls.totals
        return f"closed: of the last {good + bad + slow} requests {bad} failed and {slow} were slow"

    def _too_bad(self) -> bool:
        good, bad, slow = self._calls.totals
        total = good + bad + slow
        if total < self._minimum:
            return False
        return bad >= self._declared.failure_rate * total or (slow > 0 and slow >= self._declared.slow_rate * total)

    def _open(self, now: float) -> None:
        self._in_row += 1
        self._deaf, self._hinted = self._hinted, False
        numbers = self._declared
        duration = min(numbers.longest_open, numbers.open_seconds * 2.0 ** min(self._in_row - 1, 30))
        self._until = now + duration
        self._enter(State.OPEN)

    def _admit_probe(self) -> int:
        """A probe's ticket, as long as there is one left. Probes that nobody reports on are replaced after a while, so that one
        that got lost does not keep the upstream shut off for ever.
        """
        now = self._clock()
        if now >= self._until:
            if self.state is State.OPEN:
                self._probes_missing = self._declared.probes
            self._probes_left = self._probes_missing
            self._tried = now
            self._until = now + self._declared.longest_open
            self._enter(State.HALF_OPEN)
        if self.state is State.OPEN or self._probes_left == 0:
            return 0
        self._probes_left -= 1
        return self._ticket

    def _close(self) -> None:
        self._in_row = 0
        self._hinted = self._deaf = False
        self._calls.clear()
        self._enter(State.CLOSED)
        self.on_closed()

    def _enter(self, state: State) -> None:
        self._ticket += 1
        self.transitions[state] += state is not self.state
        self.state = state
