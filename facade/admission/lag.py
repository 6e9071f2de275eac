"""How late this process looks at what has arrived: the longest turn of its own event loop, lately.

A busy loop, a long garbage collection and a processor that is given to others all make answers look slow that have been waiting
here. A timer that is due every few milliseconds shows it: what it is late by, an answer may have waited too. It refuses to look
at single requests, which would cost each of them something.
"""

import asyncio
from typing import Final

_EVERY: Final = 0.01
_REMEMBERED: Final = 0.5


class Lag:
    """Of the running loop. `longest`: by how many seconds the timer was late at most, in the last half to one second."""

    __slots__ = ("_due", "_earlier", "_handle", "_loop", "_turn", "longest")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._earlier = self.longest = 0.0
        self._turn = self._loop.time() + _REMEMBERED
        self._arm()

    def stop(self) -> None:
        """Look no more."""
        self._handle.cancel()

    def _arm(self) -> None:
        self._due = self._loop.time() + _EVERY
        self._handle = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        late = now - self._due
        if now >= self._turn:
            self._turn = now + _REMEMBERED
            self.longest, self._earlier = max(late, self._earlier), late
        else:
            self._earlier = max(self._earlier, late)
            self.longest = max(self.longest, late)
        self._arm()
