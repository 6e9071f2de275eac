"""Which instance of several gets the next request: of two drawn at random, the one with less to do.

Two draws already avoid the crowding of one, and need no order of all (M. Mitzenmacher, The Power of Two Choices in
Randomized Load Balancing, 2001). An instance that fails several times in a row is left alone for a while that grows
(as Envoy's outlier detection); one that drains gets nothing new. It refuses to leave more than a share of the
instances alone: where most of them fail, it is not they who are the outliers, and one must stay to be asked.

Pure: time and chance are passed in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from facade.resilience.declared import Ejection

_NEVER: Final = float("inf")


@dataclass(slots=True, eq=False)
class Member:
    """One instance. `load` gives its exchanges under way. `ejected_until` is a time of the balancer's clock.

    `failures` are those in a row; `ejections` those that still count towards the length of the next.
    """

    url: str
    load: Callable[[], int]
    draining: bool = False
    failures: int = field(default=0, init=False)
    ejections: int = field(default=0, init=False)
    ejected_until: float = field(default=0.0, init=False)

    def state(self, now: float) -> str:
        """In one word: "draining", "ejected" or "serving"."""
        if self.draining:
            return "draining"
        return "ejected" if self.ejected_until > now else "serving"


class Balancer:
    """The instances of one upstream. `members` may be read; they are changed by `keep` and `record` only."""

    __slots__ = ("_numbers", "_ready", "_review_at", "members")

    def __init__(self, numbers: Ejection) -> None:
        self._numbers = numbers
        self._ready: Sequence[Member] = ()
        self._review_at = _NEVER
        self.members: tuple[Member, ...] = ()

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

    def record(self, member: Member, ok: bool, now: float) -> bool:
        """How a request to this instance went; whether it is left alone from now on."""
        if ok:
            member.failures = 0
            return False
        member.failures += 1
        if member.failures < self._numbers.failures or member.ejected_until > now or member not in self.members:
            return False
        if self._ejected(now) >= self._most_ejected():
            return False
        self._eject(member, now)
        self._review(now)
        return True

    def _eject(self, member: Member, now: float) -> None:
        numbers = self._numbers
        # Each stretch of good conduct as long as the first ejection makes up for one.
        made_up = int((now - member.ejected_until) / numbers.seconds)
        member.ejections = max(0, member.ejections - made_up) + 1
        member.ejected_until = now + min(numbers.seconds * member.ejections, numbers.longest)
        member.failures = 0

    def _review(self, now: float) -> None:
        """Who is asked, from now until something changes. Who was ejected first comes back first where too many are."""
        ejected = sorted((m for m in self.members if m.ejected_until > now and not m.draining), key=lambda m: m.ejected_until)
        for member in ejected[: max(0, len(ejected) - self._most_ejected())]:
            member.ejected_until = now
        self._ready = [member for member in self.members if not member.draining and member.ejected_until <= now]
        self._review_at = min((m.ejected_until for m in self.members if m.ejected_until > now), default=_NEVER)

    def _ejected(self, now: float) -> int:
        return sum(member.ejected_until > now and not member.draining for member in self.members)

    def _most_ejected(self) -> int:
        asked = sum(not member.draining for member in self.members)
        return max(0, min(int(self._numbers.share * len(self.members)), asked - 1))
