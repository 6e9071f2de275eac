"""Which instance of several gets the next request: of two drawn at random, the one with less to do.

Two draws already avoid the crowding of one, and need no order of all (M. Mitzenmacher, The Power of Two Choices in
Randomized Load Balancing, 2001). Three witnesses may speak against an instance: itself, when it drains; its checks, when
they fail; and its requests, when they fail several times in a row (then for a while that grows, as with Envoy's outlier
detection). `State` is what follows from all of them.

It refuses to leave everybody alone. Where all fail their checks, these are not believed, and all are asked (as in Envoy's
panic); and requests speak against a share of the instances at most: where most of them fail, it is not they who are the
outliers.

Pure: time and chance are passed in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from facade.resilience.declared import Ejection, Health

_NEVER: Final = float("inf")


class State(StrEnum):
    """Of an instance. Only one that serves gets new requests; of several reasons why it does not, the first counts."""

    DRAINING = "draining"
    UNHEALTHY = "unhealthy"
    EJECTED = "ejected"
    SERVING = "serving"


@dataclass(slots=True, eq=False)
class Member:
    """One instance. `load` gives its exchanges under way. `ejected_until` is a time of the balancer's clock.

    `failures` are those in a row; `ejections` those that still count towards the length of the next; `checks` those in a row
    that say the contrary of `unhealthy`.
    """

    url: str
    load: Callable[[], int]
    draining: bool = False
    unhealthy: bool = field(default=False, init=False)
    checks: int = field(default=0, init=False)
    failures: int = field(default=0, init=False)
    ejections: int = field(default=0, init=False)
    ejected_until: float = field(default=0.0, init=False)

    def state(self, now: float) -> State:
        """What is known of it."""
        if self.draining:
            return State.DRAINING
        if self.unhealthy:
            return State.UNHEALTHY
        return State.EJECTED if self.ejected_until > now else State.SERVING


class Balancer:
    """The instances of one upstream. `members` may be read; only its methods change them. `panic`: all fail their checks, and are
    asked all the same.
    """

    __slots__ = ("_ejection", "_eligible", "_ready", "_review_at", "health", "members", "panic")

    def __init__(self, ejection: Ejection, health: Health | None = None) -> None:
        self._ejection = ejection
        self.health = health
        self._eligible: Sequence[Member] = ()
        self._ready: Sequence[Member] = ()
        self._review_at = _NEVER
        self.members: tuple[Member, ...] = ()
        self.panic = False

    def declare(self, ejection: Ejection, health: Health | None, now: float) -> None:
        """Put other numbers in force. Without checks nobody fails them."""
        self._ejection, self.health = ejection, health
        if health is None:
            for member in self.members:
                member.unhealthy, member.checks = False, 0
        self._review(now)

    def keep(self, members: Iterable[Member], now: float) -> None:
        """These, and no others, are the instances."""
        self.members = tuple(members)
        self._review(now)

    def pick(self, now: float, draw: Callable[[], float], avoid: Member | None = None) -> Member | None:
        """The instance for the next request; None when there is none, or all drain. `draw` gives numbers from [0, 1).

        `avoid`: the one that has just failed this request; it is picked only when there is no other.
        """
        if now >= self._review_at:
            self._review(now)
        ready = self._ready
        if avoid is not None and len(ready) > 1:
            ready = [member for member in ready if member is not avoid]
        count = len(ready)
        if count < 2:
            return ready[0] if count else None
        first = int(draw() * count)
        second = int(draw() * (count - 1))
        if second >= first:
            second += 1
        one, other = ready[first], ready[second]
        return one if one.load() <= other.load() else other

    def has_beside(self, member: Member | None, now: float) -> bool:
        """Whether `pick` could give another one than this."""
        if now >= self._review_at:
            self._review(now)
        return any(one is not member for one in self._ready)

    def record(self, member: Member, ok: bool, now: float) -> bool:
        """How a request to this instance went; whether it is left alone for that from now on."""
        if ok:
            member.failures = 0
            return False
        member.failures += 1
        if member.failures < self._ejection.failures or member.ejected_until > now or member not in self._eligible:
            return False
        if self._ejected(now) >= self._most_ejected():
            return False
        self._eject(member, now)
        self._review(now)
        return True

    def check(self, member: Member, ok: bool, now: float) -> bool:
        """How a check of this instance went; whether it passes or fails its checks only since now."""
        health = self.health
        if health is None or member not in self.members:
            return False  # checks were called off, or the instance is gone, while this one was under way
        if ok is not member.unhealthy:
            member.checks = 0
            return False
        member.checks += 1
        if member.checks < (health.healthy_after if ok else health.unhealthy_after):
            return False
        member.unhealthy, member.checks = not ok, 0
        if ok:  # requests failed before it recovered: what has come back may be another process
            member.failures, member.ejected_until = 0, min(member.ejected_until, now)
        self._review(now)
        return True

    def _eject(self, member: Member, now: float) -> None:
        numbers = self._ejection
        # Each stretch of good conduct as long as the first ejection makes up for one.
        made_up = int((now - member.ejected_until) / numbers.seconds)
        member.ejections = max(0, member.ejections - made_up) + 1
        member.ejected_until = now + min(numbers.seconds * member.ejections, numbers.longest)
        member.failures = 0

    def _review(self, now: float) -> None:
        """Who is asked, from now until something changes. Who was ejected first comes back first where too many are."""
        asked = [member for member in self.members if not member.draining]
        healthy = [member for member in asked if not member.unhealthy]
        self.panic = bool(asked) and not healthy
        self._eligible = eligible = healthy or asked
        ejected = sorted((member for member in eligible if member.ejected_until > now), key=lambda member: member.ejected_until)
        for member in ejected[: max(0, len(ejected) - self._most_ejected())]:
            member.ejected_until = now
        self._ready = [member for member in eligible if member.ejected_until <= now]
        self._review_at = min((m.ejected_until for m in self.members if m.ejected_until > now), default=_NEVER)

    def _ejected(self, now: float) -> int:
        return sum(member.ejected_until > now for member in self._eligible)

    def _most_ejected(self) -> int:
        return max(0, min(int(self._ejection.share * len(self.members)), len(self._eligible) - 1))
