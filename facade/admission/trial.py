"""A lower limit on trial: was the upstream's latency of our making, or not? Pure: values in, a verdict out.

About half as much is let in. When less comes back for it, everything that was under way was worked on, and the lower limit would
cost throughput. When just as much comes back, and sooner, what was taken away had only stood in line there. It refuses to prove
anything while nobody waits: then it is the demand that decides how much comes back.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

TELLING: Final = 0.85
"""A trial that leaves a larger share of what was under way would tell nothing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back in a while. Seconds: `typical` of the upstream alone, `mean` with our own part. `used`: so many at once, as
    it follows from the others; `rate` of good answers a second, `failing` as a share of all.
    """

    typical: float
    mean: float
    used: float
    rate: float
    failing: float


class Verdict(Enum):
    """What a trial has shown of the lower limit: it costs nothing, it costs throughput, or nothing can be known."""

    PROVEN = auto()
    REFUTED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Trial:
    """`limit` and what was seen `before` it; `lower` is the limit while it lasts. `thorough`: it began without a suspicion."""

    limit: int
    lower: int
    before: Seen
    thorough: bool

    def telling(self) -> bool:
        """Whether its effect could be told from noise."""
        return self.lower <= self.before.used * TELLING and self.lower < self.limit

    def measured(self, rate: float, *, pressed: bool) -> Verdict | None:
        """By the rate of good answers under the lower limit; None when it is as high as before. The limit is not open to all to
        its full height, so somewhat less than `lower` may be under way.
        """
        if not pressed:
            return Verdict.UNKNOWN
        left = min(1.0, 0.8 * self.lower / self.before.used)
        return Verdict.REFUTED if rate < self.before.rate * (1 + left) / 2 else None

    def compared(self, typical: float, failing: float, usual: float) -> Verdict:
        """By the answers to what began under the lower limit; `usual` is the share of failures that is."""
        left = min(1.0, self.lower / self.before.used)
        sooner = typical <= self.before.typical * (1 + left) / 2
        better = failing < (self.before.failing + usual) / 2 and self.before.failing > usual
        return Verdict.PROVEN if sooner or better else Verdict.REFUTED
