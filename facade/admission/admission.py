"""Who is let in, who waits and who is told to come back: one worker's requests against its adaptive limit.

Below 80 % of the limit everybody is let in at once. From there, only critical requests are; the others wait, at most `patience`
and in a queue of a fifth of the limit. At 100 % critical requests wait too and the others are refused; when the queue is full,
the lowest priority in it gives way, the latest first. Within a priority, who came first goes first. It refuses to keep anybody
beyond the deadline.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from typing import Final

from facade.admission.adaptive import AdaptiveLimit, Tuning
from facade.problems import Problem

_FIFTH: Final = 5
_RETRY_AFTER: Final = 1


class Priority(IntEnum):
    """In the order in which they are served; `of` reads a declaration."""

    CRITICAL = 0
    NORMAL = 1
    BACKGROUND = 2

    @classmethod
    def of(cls, name: str) -> "Priority":
        """From `critical`, `normal` or `background`. Raises `ValueError`."""
        for priority in cls:
            if priority.name.lower() == name:
                return priority
        raise ValueError(f"the priority {name!r} is not one of critical, normal, background")


_Queue = deque[asyncio.Future[None]]


def overloaded() -> Problem:
    """The refusal; nothing was executed."""
    return Problem(503, "overloaded", "Overloaded", "there is more to do than can be done; nothing was executed", _RETRY_AFTER)


@dataclass
class Counts:
    """Since the start, for metrics: `delayed` had to wait, `shed` were refused, of these `expired` after waiting in vain."""

    admitted: int = 0
    delayed: int = 0
    shed: int = 0
    expired: int = 0


class Admission:
    """One worker's door. Belongs to the running event loop; `patience` in seconds. `in_flight` were let in and not released yet.

    Every `acquire` that did not raise is followed by one `release`, whatever became of the request.
    """

    def __init__(self, tuning: Tuning, *, patience: float = 0.1) -> None:
        self._loop = asyncio.get_running_loop()
        self.adaptive = AdaptiveLimit(tuning, self._loop.time())
        self.in_flight = 0
        self.counts = Counts()
        self._patience = patience
        self._queues: tuple[_Queue, _Queue, _Queue] = (deque(), deque(), deque())

    @property
    def waiting(self) -> int:
        """How many wait just now."""
        return sum(map(len, self._queues))

    @property
    def pressure(self) -> float:
        """In flight and waiting, as a share of the limit: some are delayed from 0.8, and refused from 1.0."""
        return (self.in_flight + self.waiting) / self.adaptive.limit

    def acquire(self, priority: Priority, deadline: float = inf) -> Awaitable[None] | None:
        """Let one request in: None when there is room, else what to await. Raises `Problem` (503), at once or when awaited; not
        later than `deadline` (the loop's time).
        """
        if self.in_flight < self._ceiling(priority):
            self.in_flight += 1
            self.counts.admitted += 1
            return None
        until = min(self._loop.time() + self._patience, deadline)
        if until <= self._loop.time() or not self._make_place(priority):
            self.counts.shed += 1
            raise overloaded()
        return self._wait(priority, until)

    def release(self, latency: float | None, *, ok: bool) -> None:
        """A request that was let in is over. `latency` in seconds from asking the upstream to the head of its answer; None when
        it was not asked. `ok`: not if it was late, broke off, or was overloaded itself.
        """
        if latency is not None:
            self.adaptive.sample(self._loop.time(), latency, self.in_flight, ok=ok)
        self.in_flight -= 1
        critical, normal, background = self._queues
        if critical or normal or background:
            self._hand_on()

    def explain(self, priority: Priority) -> str:
        """What would become of a request of this priority now."""
        known = f"{self.in_flight} of {self.adaptive.limit} in flight, {self.waiting} waiting"
        if self.in_flight < self._ceiling(priority):
            return f"let in: {known}"
        refused = self.in_flight >= self.adaptive.limit and priority is not Priority.CRITICAL
        return f"{'refused' if refused else 'delayed'}: {known}"

    def _ceiling(self, priority: Priority) -> int:
        """So many may be in flight for one of this priority to be let in; 80 % is rounded up."""
        limit = self.adaptive.limit
        return limit if priority is Priority.CRITICAL else limit - limit // _FIFTH

    def _make_place(self, priority: Priority) -> bool:
        """Whether one may wait; a lower priority gives way."""
        limit = self.adaptive.limit
        if self.in_flight >= limit and priority is not Priority.CRITICAL:
            return False
        if self.waiting < max(1, limit // _FIFTH):
            return True
        for queue in reversed(self._queues[priority + 1 :]):
            while queue:
                waiter = queue.pop()
                if not waiter.done():
                    self._shed(waiter)
                    return True
        return False

    async def _wait(self, priority: Priority, until: float) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        queue = self._queues[priority]
        queue.append(waiter)
        self.counts.delayed += 1
        timer = self._loop.call_at(until, self._expire, waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:
                self.release(None, ok=True)  # it was let in, and was cancelled before it could notice
            raise
        finally:
            timer.cancel()
            with suppress(ValueError):
                queue.remove(waiter)

    def _hand_on(self) -> None:
        for priority, queue in zip(Priority, self._queues, strict=True):
            while queue and self.in_flight < self._ceiling(priority):
                waiter = queue.popleft()
                if not waiter.done():
                    self.in_flight += 1
                    self.counts.admitted += 1
                    waiter.set_result(None)

    def _expire(self, waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            self.counts.expired += 1
            self._shed(waiter)

    def _shed(self, waiter: asyncio.Future[None]) -> None:
        self.counts.shed += 1
        waiter.set_exception(overloaded())
