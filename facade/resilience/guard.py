"""What stands before one set of instances: its door, its breaker and its retry budget; and all of those by name.

It refuses a request with `Refused`, which means that nothing was sent.
"""

import asyncio
from collections.abc import Callable, Generator
from math import ceil, inf
from typing import Any

from facade.admission.adaptive import AdaptiveLimit, Tuning
from facade.admission.door import Door, Full, Waiter
from facade.admission.priority import Priority
from facade.problems import Problem, guarded, overloaded
from facade.resilience.breaker import Breaker
from facade.resilience.budget import Budget
from facade.resilience.declared import Deadline, Declaration, Resilience, Timeouts
from migrations_tools.phases import Owner

Name = tuple[Owner, str]
"""The side, and the context for which it is asked ("-" for paths that no context claims)."""


class Refused(Exception):
    """Nothing was sent. `again`: in how many seconds another attempt of the same request is worth while; None: none is. `problem`
    is what the client is told.
    """

    def __init__(self, problem: Problem, again: float | None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.again = again


class Waiting:
    """A request that waits for its place: awaited for its ticket, or `Refused`. `give_up`: it needs none any more, and who awaits
    it is cancelled, unless the place is there already.
    """

    __slots__ = ("_guard", "_waiter", "_whole")

    def __init__(self, guard: "Guard", waiter: Waiter, *, whole: bool) -> None:
        self._guard = guard
        self._waiter = waiter
        self._whole = whole

    def __await__(self) -> Generator[Any, None, int]:
        return self._guard.entered(self._waiter, whole=self._whole).__await__()

    def give_up(self) -> None:
        self._waiter.cancel()


class Guard:
    """One set's. `clock` is the loop's; `lag` tells the longest turn of the loop, lately. `leave`: an exchange is over.
    `ends_after`: the seconds until the end of an answer, endless where none are declared. `on_closed` as a breaker's.
    """

    __slots__ = ("breaker", "budget", "declared", "door", "ends_after", "leave")

    def __init__(
        self,
        declared: Resilience,
        clock: Callable[[], float],
        lag: Callable[[], float] = lambda: 0.0,
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        self.declared = declared
        self.breaker = Breaker(declared.breaker, clock, on_closed)
        bulkhead = declared.bulkhead
        tuning = Tuning(least=min(bulkhead.least, bulkhead.most), most=bulkhead.most, tolerated=bulkhead.tolerated)
        self.door = Door(bulkhead, AdaptiveLimit(tuning, clock(), lag))
        self.leave = self.door.leave
        self.budget = Budget(declared.retries, clock)
        self.ends_after = declared.timeouts.whole or inf

    def admit(self, priority: Priority, deadline: float, *, whole: bool = True) -> int | Waiting:
        """A ticket, or what to wait for until there is one, at most until `deadline` (loop time). Raises `Refused`, at once or
        when that is awaited. `whole`: not while the client still sends its request, at its own pace, which says nothing of the
        upstream and holds nothing of what it works on.

        A ticket obliges to one `record` once it is known how the attempt went, and to one `leave` once the exchange is over.
        """
        try:
            waiter = self.door.enter(priority, deadline)
        except Full as full:
            raise Refused(overloaded(str(full)), None) from full
        if waiter is None:
            ticket = self.breaker.allow()
            return ticket if ticket and whole else self._ticket(ticket)
        if self.breaker.opens_in():
            self.door.abandon(waiter)
            raise self._guarded()
        return Waiting(self, waiter, whole=whole)

    def record(self, ticket: int, now: float, seconds: float, *, ok: bool | None, whole: bool = True) -> None:
        """How the attempt with this ticket went: `seconds` to the head of its answer; `ok` None when it says nothing of the
        upstream. `whole` as when it was admitted.
        """
        if ok is None:
            self.breaker.forget(ticket)
        else:
            self.breaker.record(ok, ticket, seconds)
        if whole:
            self.door.answered(now, seconds, ok)

    def explain(self) -> str:
        """Everything about it, in one line."""
        return f"breaker {self.breaker.explain()}; {self.door.explain()}; {self.budget.explain()}"

    async def entered(self, waiter: Waiter, *, whole: bool) -> int:
        """The ticket of one that waits. Raises `Refused`."""
        try:
            entered = await waiter
        except asyncio.CancelledError:
            self.door.abandon(waiter)
            raise
        if not entered:
            raise Refused(overloaded("there was no room in time"), None)
        ticket = self.breaker.allow()  # not before: a probe's ticket must not be held by a request that still waits for a place
        return ticket if ticket and whole else self._ticket(ticket)

    def _ticket(self, ticket: int) -> int:
        """Of one that the upstream does not work on yet, if it got any."""
        self.door.answered(0.0, 0.0, None)
        if ticket:
            return ticket
        self.door.leave()
        raise self._guarded()

    def _guarded(self) -> Refused:
        """A breaker that opened just now may close again at once: that is waited for. One that stayed open is not."""
        breaker = self.breaker
        wait = breaker.opens_in()
        return Refused(guarded(f"the breaker is {breaker.explain()}", ceil(wait)), wait if breaker.hopeful() else None)


class Guards:
    """All guards of this process, made when first asked for."""

    def __init__(self, declared: Declaration, clock: Callable[[], float], lag: Callable[[], float] = lambda: 0.0) -> None:
        self._declared = declared
        self._clock = clock
        self.lag = lag
        self.by_name: dict[Name, Guard] = {}

    def of(self, side: Owner, context: str) -> Guard:
        """The guard of this side for this context."""
        guard = self.by_name.get((side, context))
        if guard is None:
            made = Guard(self._declared.of(context), self._clock, self.lag, lambda: self._recovered(side))
            guard = self.by_name[side, context] = made
        return guard

    def deadline(self, context: str) -> Deadline:
        """How long a request for this context may take."""
        return self._declared.of(context).deadline

    def timeouts(self, context: str) -> Timeouts:
        """How long an attempt for this context may wait."""
        return self._declared.of(context).timeouts

    def declare(self, declared: Declaration) -> None:
        """Put other numbers in force. Guards whose numbers stay keep what they know; exchanges under way end with their old
        guard.
        """
        self._declared = declared
        self.by_name = {name: guard for name, guard in self.by_name.items() if guard.declared == declared.of(name[1])}

    def _recovered(self, side: Owner) -> None:
        """An upstream is well for one context. The monolith is the same for all of them, and few requests find out for some."""
        if side is Owner.MONOLITH:
            for (other, _), guard in self.by_name.items():
                if other is side:
                    guard.breaker.try_now()
