"""What stands before one set of instances: its breaker, its bulkhead and its retry budget; and all of those by name.

It refuses a request with `Refused`, which means that nothing was sent.
"""

from collections.abc import Awaitable, Callable

from facade.resilience.breaker import Breaker
from facade.resilience.budget import Budget
from facade.resilience.bulkhead import Bulkhead, Full
from facade.resilience.declared import Deadline, Declaration, Resilience, Timeouts
from migrations_tools.phases import Owner

Name = tuple[Owner, str]
"""The side, and the context for which it is asked ("-" for paths that no context claims)."""


class Refused(Exception):
    """Nothing was sent. `retry_after` is in how many seconds it may go better; None: it has waited long enough already."""

    def __init__(self, reason: str, retry_after: float | None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Guard:
    """One set's. `clock` is the loop's."""

    __slots__ = ("breaker", "budget", "bulkhead", "declared")

    def __init__(self, declared: Resilience, clock: Callable[[], float]) -> None:
        self.declared = declared
        self.breaker = Breaker(declared.breaker, clock)
        self.bulkhead = Bulkhead(declared.bulkhead)
        self.budget = Budget(declared.retries, clock)

    def admit(self, deadline: float) -> int | Awaitable[int]:
        """A ticket, or what to wait for until there is one, at most until `deadline` (loop time). Raises `Refused`, at once or
        through the awaitable.

        A ticket obliges to one `breaker.record` or `breaker.forget` with it, once it is known how the attempt went, and to one
        `bulkhead.leave` once the exchange is over.
        """
        try:
            wait = self.bulkhead.enter(deadline)
        except Full as full:
            raise Refused(str(full), None) from full
        return self._ticket() if wait is None else self._admit_later(wait)

    def explain(self) -> str:
        """Everything about it, in one line."""
        return f"breaker {self.breaker.explain()}; {self.bulkhead.explain()}; {self.budget.explain()}"

    async def _admit_later(self, wait: Awaitable[None]) -> int:
        try:
            await wait
        except Full as full:
            raise Refused(str(full), None) from full
        return self._ticket()

    def _ticket(self) -> int:
        """The breaker is asked last: a probe's ticket must not be held by a request that still waits for a place."""
        ticket = self.breaker.allow()
        if ticket:
            return ticket
        self.bulkhead.leave()
        raise Refused(f"the breaker is {self.breaker.explain()}", self.breaker.opens_in())


class Guards:
    """All guards of this process, made when first asked for."""

    def __init__(self, declared: Declaration, clock: Callable[[], float]) -> None:
        self._declared = declared
        self._clock = clock
        self.by_name: dict[Name, Guard] = {}

    def of(self, side: Owner, context: str) -> Guard:
        """The guard of this side for this context."""
        guard = self.by_name.get((side, context))
        if guard is None:
            guard = self.by_name[side, context] = Guard(self._declared.of(context), self._clock)
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
