"""A bulkhead: so many exchanges of one upstream at once, some more may wait a while, the rest is refused at once.

Waiting requests are served in the order in which they came. It refuses to let an upstream that hangs take all of the
facade: what waits for it is bounded in number and in time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable

from facade.resilience import declared


class Full(Exception):
    """No place was free, and none became free in time; nothing was sent."""


class Bulkhead:
    """One upstream's. `inside` and `waiting` are the numbers of now, `refused` counts since the start.

    Every `enter` that returned, or whose awaitable returned, is followed by exactly one `leave`.
    """

    __slots__ = ("_declared", "_queue", "inside", "refused")

    def __init__(self, numbers: declared.Bulkhead) -> None:
        self._declared = numbers
        self._queue: deque[asyncio.Future[bool]] = deque()
        self.inside = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def enter(self, deadline: float) -> Awaitable[None] | None:
        """Take a place: None when one was free, otherwise what to wait for, at most until `deadline` (loop time). Raises `Full`,
        at once or through the awaitable.
        """
        if self.inside < self._declared.most and not self._queue:
            self.inside += 1
            return None
        if len(self._queue) >= self._declared.waiting:
            self.refused += 1
            raise Full(f"{self.inside} exchanges are under way and {len(self._queue)} wait")
        return self._wait(deadline)

    def leave(self) -> None:
        """Give the place back; whoever has waited longest gets it."""
        queue = self._queue
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                waiter.set_result(True)
                return
        self.inside -= 1

    def explain(self) -> str:
        """In one line."""
        numbers = self._declared
        queue = f"{self.waiting} of {numbers.waiting} wait, {self.refused} refused so far"
        return f"{self.inside} of {numbers.most} places taken, {queue}"

    async def _wait(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        # Between `enter` and the first step of this coroutine a place may have become free.
        if self.inside < self._declared.most and not self._queue:
            self.inside += 1
            return
        self._queue.append(waiter)
        timer = loop.call_at(min(deadline, loop.time() + self._declared.longest_wait), _give_up, waiter)
        try:
            got = await waiter
        except asyncio.CancelledError:
            # The place may have been handed over in the very moment in which the request was given up.
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self.leave()
            else:
                self._drop(waiter)
            raise
        finally:
            timer.cancel()
        if not got:
            self._drop(waiter)
            self.refused += 1
            raise Full("no exchange ended in time")

    def _drop(self, waiter: asyncio.Future[bool]) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
