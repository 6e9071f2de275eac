"""One call, executed at the side that has authority, even when authority moves between two calls or in one.

Each call reads the monolith's own authority row. A side that refuses (`Misdirected`) has executed
nothing, so the call is repeated at the other one; while both refuse a hand-over is under way, and
the call waits for its end in small pauses, up to a limit.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final, Generic, TypeVar

from chassis.problems import Problem
from chassis.replica.authority import Misdirected, Side, misdirected_in, of_this_side, other

P = TypeVar("P")
R = TypeVar("R")

FIRST_PAUSE_SECONDS: Final = 0.002
LONGEST_PAUSE_SECONDS: Final = 0.05
LIMIT_SECONDS: Final = 5.0


class NobodyAnswers(Problem):
    """Both sides refused a call for longer than a hand-over takes; it was executed by neither."""

    def __init__(self, refusal: Misdirected) -> None:
        super().__init__(
            503,
            f"The context {refusal.context} is changing hands and has not arrived; nothing was executed.",
            headers={"Retry-After": "1"},
        )
        self.refusal = refusal


def _authority(context: str) -> Side:
    return of_this_side(context).owner


@dataclass(frozen=True, slots=True)
class Switch(Generic[P]):
    """The two implementations of a context's port, and how to choose. The last four fields are
    what a test replaces.
    """

    context: str
    ports: Mapping[Side, P]
    authority: Callable[[str], Side] = _authority
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    limit_seconds: float = LIMIT_SECONDS

    def call(self, work: Callable[[P], R]) -> R:
        """What `work` answers at the side with authority. Raises what `work` raises, and `NobodyAnswers`."""
        deadline = self.clock() + self.limit_seconds
        side = self.authority(self.context)
        for refusals in count(1):
            try:
                return work(self.ports[side])
            except Exception as error:
                refusal = misdirected_in(error)
                if refusal is None or refusal.context != self.context:
                    raise
                if self.clock() >= deadline:
                    raise NobodyAnswers(refusal) from error
            side = other(side)
            if refusals % len(self.ports) == 0:
                self.pause(min(FIRST_PAUSE_SECONDS * 2 ** (refusals // 2 - 1), LONGEST_PAUSE_SECONDS))
        raise AssertionError("unreachable: count() does not end")
