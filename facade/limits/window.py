"""The sliding window, pure: how much of a limit is left, by two counters.

The algorithm is Cloudflare's ("How we built rate limiting capable of scaling to millions of domains", 2017): requests are counted
in aligned windows, and those of the window before count in proportion to how much of it the sliding window still covers. Two
numbers a key, and no burst of twice the limit at a boundary. Everything here is an integer, so that the copy of it in Lua
(`facade/limits/shared.py`) gives the very same answers.
"""

from typing import NamedTuple


class Ask(NamedTuple):
    """What is asked of a window: `need` units for requests that wait for them, up to `want` ahead; `back` units that were leased
    in the window number `at` are given back unused.
    """

    need: int
    want: int
    back: int
    at: int


class Grant(NamedTuple):
    """`given` units, to be used before the aligned window ends; `free` are left to others. `now` is the time at which it was
    given and `wait` how long to wait for one more when none was left, both in milliseconds.
    """

    now: int
    given: int
    free: int
    wait: int


class Window:
    """The counters of one key: `used` in the window number `at`, `before` in the one before it."""

    __slots__ = ("at", "before", "used")

    def __init__(self) -> None:
        self.at = self.used = self.before = 0

    def take(self, limit: int, length: int, now: int, ask: Ask) -> Grant:
        """Take from `limit` units in any `length` milliseconds at the time `now` (milliseconds; a clock that is set back stands
        still). Never more than a quarter of what is left is leased ahead, so that the last units are not hoarded.
        """
        self._turn(now // length)
        if ask.at == self.at:
            self.used = max(0, self.used - ask.back)
        elif ask.at == self.at - 1:
            self.before = max(0, self.before - ask.back)
        into = max(0, now - self.at * length)
        free = max(0, limit - self.used - -(-self.before * (length - into) // length))
        given = min(free, max(ask.need, min(ask.want, free // 4)))
        self.used += given
        return Grant(now, given, free - given, 0 if free else self._wait(limit, length, into))

    def _turn(self, at: int) -> None:
        if at > self.at:
            self.before = self.used if at == self.at + 1 else 0
            self.used = 0
            self.at = at

    def _wait(self, limit: int, length: int, into: int) -> int:
        room = limit - 1 - self.used
        if room >= 0:
            return max(1, -(-length * (self.before - room) // self.before) - into)
        return length - into + -(-length * -room // self.used)
