"""What a hand-over carries from step to step, and the ways in which it can be called off."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from chassis.replica import digest, fence
from chassis.replica.authority import Authority, other
from chassis.replica.fence import FenceBusy
from migrations_tools.phases import Direction
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.rounds import Round
from migrations_tools.relay.sides import Sides

FENCE_WAIT_MS: Final = 100
"""How long writers may queue behind an attempt to stop them."""
FENCE_ATTEMPTS: Final = 20
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0


class CalledOff(Exception):
    """The hand-over was given up before its point of no return; authority is where it was."""


class AuthorityElsewhere(CalledOff):
    """The side that was to give the context up does not own it (any more)."""

    def __init__(self, known: Authority, expected: str) -> None:
        super().__init__(f"The {known.owner} owns {known.context} since epoch {known.epoch}, not the {expected}.")


class NothingRecorded(CalledOff):
    """The side that is to own the context does not record the changes made there."""

    def __init__(self, context: str, gainer: str) -> None:
        super().__init__(f"The {gainer} does not capture changes on every table of {context}; they could never be brought back.")


class WritersHoldOut(CalledOff):
    """Some transaction kept writing to the context through every attempt to stop the writers."""

    def __init__(self, context: str, attempts: int) -> None:
        super().__init__(f"The writers of {context} could not be stopped within {FENCE_WAIT_MS} ms in {attempts} attempts.")


class TailDiverges(CalledOff):
    """What had just been relayed differs between the sides."""

    def __init__(self, aggregate: str, keys: Sequence[int]) -> None:
        super().__init__(f"{len(keys)} {aggregate} just relayed differ between the sides: {', '.join(map(str, keys[:10]))}.")


class HandOver:
    """One hand-over under way. Its sessions close with it, and with the sessions every lock."""

    def __init__(
        self,
        plan: ContextPlan,
        sides: Sides,
        direction: Direction,
        who: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.plan, self.context, self.direction, self.who = plan, plan.context, direction, who
        self.loser, self.gainer = sides.source(direction), sides.target(direction)
        self._sessions = ExitStack()
        self._fence = ExitStack()
        self._sleep = sleep
        self.loser_session = self._sessions.enter_context(self.loser.connect(f"hand-over of {self.context}"))
        self.gainer_session = self._sessions.enter_context(self.gainer.connect(f"hand-over of {self.context}"))
        draining = self._sessions.enter_context(self.loser.connect(f"drain of {self.context}"))
        draining.execute("SET lock_timeout = '1s'")
        self.rounds = Round(self.loser, self.gainer, draining)
        self.before = Authority(self.context, self.loser.name, 0)
        self.tail: dict[str, list[int]] = {}
        self.fenced_at: float | None = None
        self.released_at: float | None = None
        self.given_up = False

    @property
    def after(self) -> Authority:
        """The authority that this hand-over brings about."""
        return Authority(self.context, other(self.before.owner), self.before.epoch + 1)

    @property
    def pause_ms(self) -> float | None:
        """How long writers had to wait, from the request for the fence that was granted to its release."""
        if self.fenced_at is None or self.released_at is None:
            return None
        return (self.released_at - self.fenced_at) * 1000

    def take_fence(self) -> int:
        """Stop the writers; returns the attempts it took. Raises `WritersHoldOut`."""
        pause = FIRST_PAUSE
        for attempt in range(1, FENCE_ATTEMPTS + 1):
            started = time.monotonic()
            try:
                self._fence.enter_context(fence.exclusive(self.loser_session, self.context, FENCE_WAIT_MS))
            except FenceBusy:
                self._sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            self.fenced_at = started
            return attempt
        raise WritersHoldOut(self.context, FENCE_ATTEMPTS)

    def release_fence(self) -> None:
        """Let the writers go on."""
        self._fence.close()
        if self.fenced_at is not None and self.released_at is None:
            self.released_at = time.monotonic()

    def unequal(self, here: Mapping[int, Mapping[str, Any]], there: Mapping[int, Mapping[str, Any]]) -> list[int]:
        """The keys whose documents differ or are on one side only."""
        return [
            key
            for key in sorted(here.keys() | there.keys())
            if (key in here) != (key in there) or (key in here and digest.canonical(here[key]) != digest.canonical(there[key]))
        ]

    def close(self) -> None:
        """End the sessions, whatever state they are in."""
        try:
            self.release_fence()
        finally:
            self._sessions.close()
