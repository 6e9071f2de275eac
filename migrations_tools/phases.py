"""Where a context stands between monolith and service: the one policy table, and lookups in it.

Nothing else in the system knows what a phase means. A change that is no row here does not exist, so it is
refused everywhere.
"""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    MONOLITH = "monolith"
    DUAL_WRITE = "dual_write"
    SHADOW = "shadow"
    CANARY = "canary"
    SERVICE = "service"
    EXTRACTED = "extracted"


class Owner(StrEnum):
    """A side of the migration; the one that has authority accepts the writes."""

    MONOLITH = "monolith"
    SERVICE = "service"


class Reads(StrEnum):
    """Who answers reads; COHORTS: the service for the cohorts below the read percentage, else the
    monolith.
    """

    MONOLITH = "monolith"
    COHORTS = "cohorts"
    SERVICE = "service"


class Direction(StrEnum):
    """Which way changes are replicated, and which way authority is handed over."""

    TO_SERVICE = "to_service"
    TO_MONOLITH = "to_monolith"

    @property
    def source(self) -> Owner:
        return Owner.MONOLITH if self is Direction.TO_SERVICE else Owner.SERVICE

    @property
    def target(self) -> Owner:
        return Owner.SERVICE if self is Direction.TO_SERVICE else Owner.MONOLITH


class GateName(StrEnum):
    """The measured conditions; `gates.py` says how each is measured and what goes wrong without it."""

    SERVICE_HEALTHY = "service_healthy"
    BACKFILLED = "backfilled"
    LAG = "lag"
    NONE_PARKED = "none_parked"
    VERIFIED = "verified"
    SHADOW_MATCH = "shadow_match"
    REVERSE_PATH = "reverse_path"


SAFETY_GATES = frozenset({GateName.BACKFILLED, GateName.LAG, GateName.NONE_PARKED, GateName.VERIFIED, GateName.REVERSE_PATH})
"""Gates that `--force` never skips: behind each of them writes or rows would be lost."""


class How(StrEnum):
    """What a phase change takes besides its flags."""

    FLAG = "flag"
    INSTALL_CAPTURE = "install_capture"
    DROP_CAPTURE = "drop_capture"
    HAND_OVER = "hand_over"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed phase change: the `manage.py context` subcommand that makes it, and the gates that it
    needs.
    """

    to: Phase
    command: str
    how: How
    gates: tuple[GateName, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the table. `replication` is None where nothing is mirrored; `way_back` is the transition
    that undoes the phase.
    """

    phase: Phase
    authority: Owner
    reads: Reads
    replication: Direction | None
    shadow: bool
    onward: tuple[Transition, ...]
    way_back: Transition | None


_READY = (GateName.SERVICE_HEALTHY, GateName.BACKFILLED, GateName.LAG, GateName.NONE_PARKED)
_PROVEN = (*_READY, GateName.VERIFIED, GateName.SHADOW_MATCH)
_CANCEL = Transition(Phase.MONOLITH, "cancel", How.DROP_CAPTURE)

POLICIES: dict[Phase, Policy] = {
    row.phase: row
    for row in (
        Policy(
            Phase.MONOLITH, Owner.MONOLITH, Reads.MONOLITH, replication=None, shadow=False,
            onward=(Transition(Phase.DUAL_WRITE, "begin", How.INSTALL_CAPTURE, (GateName.SERVICE_HEALTHY,)),),
            way_back=None,
        ),
        Policy(
            Phase.DUAL_WRITE, Owner.MONOLITH, Reads.MONOLITH, Direction.TO_SERVICE, shadow=False,
            onward=(Transition(Phase.SHADOW, "shadow", How.FLAG, _READY),),
            way_back=_CANCEL,
        ),
        Policy(
            Phase.SHADOW, Owner.MONOLITH, Reads.MONOLITH, Direction.TO_SERVICE, shadow=True,
            onward=(Transition(Phase.CANARY, "canary", How.FLAG, _PROVEN), _CANCEL),
            way_back=Transition(Phase.DUAL_WRITE, "shadow", How.FLAG),
        ),
        Policy(
            Phase.CANARY, Owner.MONOLITH, Reads.COHORTS, Direction.TO_SERVICE, shadow=True,
            onward=(
                Transition(Phase.SERVICE, "cutover", How.HAND_OVER, (*_PROVEN, GateName.REVERSE_PATH)),
                _CANCEL,
            ),
            way_back=Transition(Phase.SHADOW, "canary", How.FLAG),
        ),
        Policy(
            Phase.SERVICE, Owner.SERVICE, Reads.SERVICE, Direction.TO_MONOLITH, shadow=True,
            onward=(
                Transition(
                    Phase.EXTRACTED, "complete", How.ARCHIVE,
                    (GateName.SERVICE_HEALTHY, GateName.LAG, GateName.NONE_PARKED, GateName.VERIFIED),
                ),
            ),
            way_back=Transition(
                Phase.CANARY, "rollback", How.HAND_OVER, (GateName.LAG, GateName.NONE_PARKED)
            ),
        ),
        Policy(
            Phase.EXTRACTED, Owner.SERVICE, Reads.SERVICE, replication=None, shadow=False,
            onward=(), way_back=None,
        ),
    )
}  # fmt: skip


class NoSuchTransition(ValueError):
    """No policy row leads from `start` to `end`; `possible` are the phases that can be reached from there."""

    def __init__(self, start: Phase, end: Phase) -> None:
        self.start, self.end = start, end
        self.possible = tuple(change.to for change in transitions(start))
        reachable = ", ".join(self.possible) or "none: it is the end of the road"
        super().__init__(f"no way leads from {start} to {end}; from {start} one can reach {reachable}")


def policy(phase: Phase | str) -> Policy:
    """The row of a phase. Raises ValueError for a word that is no phase."""
    return POLICIES[Phase(phase)]


def transitions(phase: Phase | str) -> tuple[Transition, ...]:
    """All changes allowed from a phase, the way back last."""
    row = policy(phase)
    return (*row.onward, row.way_back) if row.way_back else row.onward


def transition(start: Phase | str, end: Phase | str) -> Transition:
    """The allowed change between two phases. Raises `NoSuchTransition`."""
    for change in transitions(start):
        if change.to == end:
            return change
    raise NoSuchTransition(Phase(start), Phase(end))


def after_hand_over(direction: Direction) -> Phase:
    """The phase that a context is in once authority has moved that way: a roll-back lands in a canary of 0
    %.
    """
    losing = (row.phase for row in POLICIES.values() if row.authority == direction.source)
    return next(c.to for phase in losing for c in transitions(phase) if c.how == How.HAND_OVER)
