"""What one worker holds of one key's allowance: the lease it spends, and the one fetched ahead. Pure: the clock is passed in.

Leases grow with the demand: twice as much when one was spent early, what was used when one ran out of time. A lease lasts a
second at most and never outlives the window it was counted in, so that no window sees more requests than were counted in it. What
was not used is given back with the next question; when there is none, it is lost: it counts as used.
"""

import asyncio
from math import inf
from typing import Final

from facade.limits.window import Ask, Grant, Window

_LEASE: Final = 1.0
_WORTH_FETCHING_AHEAD: Final = 4


class Lease:
    """`left` of `given` units, to be spent before `expires` (seconds of the worker's clock); `early` is the middle of its time.

    At `low` units the next lease is fetched, when `ahead` is wanted. `shared`: counted in Valkey, in its window number `at`.
    """

    __slots__ = ("at", "early", "expires", "given", "left", "low", "shared")

    def __init__(self, given: int, at: int, begins: float, lasts: float, *, shared: bool, ahead: bool) -> None:
        self.given = self.left = given
        self.at = at
        self.expires = begins + lasts
        self.early = begins + lasts / 2
        self.low = given // 2 if ahead and given >= _WORTH_FETCHING_AHEAD else -1
        self.shared = shared


_NONE: Final = Lease(0, -1, -inf, 0.0, shared=True, ahead=False)


class Account:
    """One key under one limit. `free` units were left to others when last heard of; the window ends at `ends`.

    While `now < blocked` there is nothing to ask for; more is expected at `more`. `asking`: a question is under way, for which
    the `waiters` wait.
    """

    __slots__ = ("alone", "asking", "blocked", "ends", "free", "key", "lease", "more", "size", "spare", "waiters")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.lease = self.spare = _NONE
        self.size = 1
        self.free = 0
        self.ends = self.blocked = self.more = -inf
        self.asking = False
        self.waiters: list[asyncio.Future[None]] = []
        self.alone: Window | None = None

    def ready(self, now: float) -> bool:
        """Whether a unit is at hand."""
        lease = self.lease
        if lease.left > 0 and now < lease.expires:
            return True
        return self.spare.left > 0 and now < self.spare.expires

    def spend(self, now: float) -> None:
        """Take one unit; there must be one."""
        if self.lease.left <= 0 or now >= self.lease.expires:
            self.lease, self.spare = self.spare, self.lease
        self.lease.left -= 1

    @property
    def wants_spare(self) -> bool:
        """Whether the lease after this one is neither here nor asked for."""
        return not self.asking and (self.spare.left <= 0 or self.spare.expires <= self.lease.expires)

    def ask(self, now: float, need: int, chunk: int, *, shared: bool) -> Ask:
        """What to ask for next, when `need` requests wait and `chunk` is the most to be leased ahead; whatever has run out of
        time is given back.
        """
        lease = self.lease
        if lease.given and now >= lease.expires:
            self.size = max(1, lease.given - lease.left)
        elif lease.given and now < lease.early:
            self.size *= 2
        self.size = min(self.size, chunk)
        back, at = 0, -1
        for old in (lease, self.spare):
            if old.left and now >= old.expires and old.shared == shared and old.at >= at:
                back, at = (back if old.at == at else 0) + old.left, old.at
        for old in (lease, self.spare):
            if now >= old.expires and old is not _NONE:
                old.left = 0
        return Ask(need, self.size, back, at)

    def receive(self, grant: Grant, length: int, asked: float, *, shared: bool, ahead: bool = False) -> None:
        """The answer to a question that was put at `asked`; `length` of the window in milliseconds."""
        into = grant.now % length
        lasts = min(_LEASE, (length - into - 1) / 1_000)
        self.free = grant.free
        self.ends = asked + (length - into) / 1_000
        if not grant.given:
            # Nothing was left, or nobody waited and too little was left to lease ahead: the latter has no wait and blocks nobody.
            self.more = asked + grant.wait / 1_000
            self.blocked = min(self.more, asked + _LEASE)
            return
        new = Lease(grant.given, grant.now // length, asked, lasts, shared=shared, ahead=ahead)
        if self.lease.left > 0 and asked < self.lease.expires:
            self.spare = new
        else:
            self.lease = new

    def known_left(self, now: float) -> int:
        """The requests that may still come before the window ends, as far as this worker knows."""
        held = sum(lease.left for lease in (self.lease, self.spare) if now < lease.expires)
        return self.free + held
