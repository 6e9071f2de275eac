"""The door to one upstream: who is let in at once, who waits, and who is told to come back.

Two things are bounded: what the upstream works on (`in_flight`, until the head of an answer is there) by a limit that is learnt,
and what of the facade is held (`inside`, until the exchange is over, however long a download takes) by a fixed number. From 80 %
of the learnt limit only critical requests are let in at once, at 100 % nobody is. Who is not, waits in one queue, in the order of
priorities, and who came first goes first within one. Who has waited for too long is refused: the critical, and everybody while
the limit is not proven, after three times as long. When too many wait, the lowest priority gives way, the latest first. It
refuses to keep anybody beyond the deadline.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from facade.admission.adaptive import AdaptiveLimit
from facade.admission.priority import Priority
from facade.resilience import declared

_FIFTH: Final = 5
_PROLONGED: Final = 3
_AGAIN: Final = 4
"""Waits are prolonged by such a part of the longest."""

Waiter = asyncio.Future[bool]
"""Whether it was let in."""


class Full(Exception):
    """No place was free, and none became free in time; nothing was sent."""


class Door:
    """One upstream's. Every `enter` that let somebody in is followed by one `answered` and one `leave`.

    `waiting`: how many wait now; `delayed` and `shed`: how many had to wait, and were refused, by priority and since the start.
    """

    __slots__ = ("_declared", "_limit", "_open_to", "_queues", "adaptive", "delayed", "in_flight", "inside", "shed", "waiting")

    def __init__(self, numbers: declared.Bulkhead, adaptive: AdaptiveLimit) -> None:
        self._declared = numbers
        self._queues: tuple[OrderedDict[Waiter, None], ...] = tuple(OrderedDict() for _ in Priority)
        self.adaptive = adaptive
        self.inside = self.in_flight = self.waiting = 0
        self.delayed = [0] * len(Priority)
        self.shed = [0] * len(Priority)
        self._heed()

    def enter(self, priority: Priority, deadline: float) -> Waiter | None:
        """Let one in: None when there is room; otherwise what to wait for, which ends by `deadline` (loop time) at the latest.
        Who is cancelled while waiting says so by `abandon`. Raises `Full`.
        """
        if self.in_flight < self._open_to[priority] and self.inside < self._declared.most:
            self.in_flight += 1
            self.inside += 1
            return None
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._press(now):
            return self.enter(priority, deadline)
        until = min(deadline, now + self._declared.longest_wait)
        if until <= now or not self._make_place(priority):
            self.shed[priority] += 1
            raise Full(f"{self._now()}; nothing was executed")
        waiter: Waiter = loop.create_future()
        self._queues[priority][waiter] = None
        self.waiting += 1
        self.delayed[priority] += 1
        at_last = min(deadline, now + self._declared.longest_wait * _PROLONGED)
        timer = loop.call_at(until, self._expire, waiter, priority, at_last)
        waiter.add_done_callback(lambda _: timer.cancel())
        return waiter

    def answered(self, now: float, seconds: float, ok: bool | None) -> None:
        """The upstream works on it no more. `seconds` from asking it to the head of its answer. `ok`: not if it was late, broke
        off, or was refused by the upstream itself; None when it says nothing of the upstream.
        """
        if ok is not None:
            adaptive = self.adaptive
            adaptive.sample(now, seconds, self.in_flight, ok)
            if adaptive.limit != self._limit:
                self._heed()
        self.in_flight -= 1
        if self.waiting:
            self._hand_on()

    def leave(self) -> None:
        """The exchange is over."""
        self.inside -= 1
        if self.waiting:
            self._hand_on()

    def abandon(self, waiter: Waiter) -> None:
        """Who waited left. What was given to it in the very moment goes to the next."""
        if not waiter.done() or waiter.cancelled():
            waiter.cancel()
            for queue in self._queues:
                queue.pop(waiter, None)
            self.waiting -= 1
        elif waiter.result():
            self.answered(0.0, 0.0, None)
            self.leave()

    def explain(self) -> str:
        """In one line."""
        return f"{self._now()}, {sum(self.shed)} refused so far"

    def _now(self) -> str:
        numbers = self._declared
        return (
            f"{self.in_flight} of {self._limit} asked at once, {self.inside} of {numbers.most} places taken, "
            f"{self.waiting} of {numbers.waiting} wait"
        )

    def _heed(self) -> None:
        """Follow the learnt limit; four fifths are rounded up."""
        self._limit = limit = self.adaptive.limit
        most = limit - limit // _FIFTH
        self._open_to = tuple(limit if priority is Priority.CRITICAL else most for priority in Priority)

    def _press(self, now: float) -> bool:
        """Somebody has to wait. Nothing may be coming back just now, so the limit is looked at here too. Whether it changed."""
        self.adaptive.pressed = True
        self.adaptive.look(now)
        if self.adaptive.limit == self._limit:
            return False
        self._heed()
        self._hand_on()
        return True

    def _make_place(self, priority: Priority) -> bool:
        """Whether one may wait; a lower priority gives way."""
        if self.waiting < self._declared.waiting:
            return True
        for lower in reversed(Priority):
            queue = self._queues[lower]
            while queue and lower > priority:
                waiter, _ = queue.popitem()
                if not waiter.done():
                    self._refuse(waiter, lower)
                    return True
        return False

    def _hand_on(self) -> None:
        most = self._declared.most
        for queue, open_to in zip(self._queues, self._open_to, strict=True):
            while queue and self.in_flight < open_to and self.inside < most:
                waiter, _ = queue.popitem(last=False)
                if not waiter.done():
                    self.in_flight += 1
                    self.inside += 1
                    self.waiting -= 1
                    waiter.set_result(True)
        if self.waiting:
            self.adaptive.pressed = True

    def _expire(self, waiter: Waiter, priority: Priority, deadline: float) -> None:
        if waiter.done():
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._press(now)
        if waiter.done():
            return
        if now < deadline and (priority is Priority.CRITICAL or not self.adaptive.proven(now)):
            timer = loop.call_at(
                min(deadline, now + self._declared.longest_wait / _AGAIN), self._expire, waiter, priority, deadline
            )
            waiter.add_done_callback(lambda _: timer.cancel())
        else:
            self._refuse(waiter, priority)

    def _refuse(self, waiter: Waiter, priority: Priority) -> None:
        self._queues[priority].pop(waiter, None)
        self.waiting -= 1
        self.shed[priority] += 1
        waiter.set_result(False)
