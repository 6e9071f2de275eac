"""Who answers a request: pure functions over the request, its route and what is known of positions.

No clock, no I/O. What may be tried after a failure is decided here too, so that the rules can be read in one place:
a request is repeated only where that cannot execute it twice.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from facade.routes import Route
from migrations_tools.phases import Owner

OTHER: Final = {Owner.MONOLITH: Owner.SERVICE, Owner.SERVICE: Owner.MONOLITH}
IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
MAX_CLOSED: Final = 3
"""How often a request may find its connection closed without an answer: it may be what kills the upstream."""


class Freshness(Enum):
    """What is known of a subject's last write: applied on the other side, not yet, or nobody can tell."""

    CAUGHT_UP = auto()
    BEHIND = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """The side to ask. `replica`: it is asked without having authority, and is told so."""

    side: Owner
    replica: bool = False


MONOLITH: Final = Decision(Owner.MONOLITH)
_AUTHORITY: Final = {owner: Decision(owner) for owner in Owner}
_REPLICA: Final = {owner: Decision(owner, replica=True) for owner in Owner}


def authority(route: Route | None) -> Decision:
    """Ask the side that has authority."""
    return MONOLITH if route is None else _AUTHORITY[route.authority]


def replica(route: Route) -> Decision:
    """Ask the other side, as a replica."""
    return _REPLICA[OTHER[route.authority]]


def is_candidate(route: Route, method: str, bucket: int) -> bool:
    """Whether this read belongs to the side without authority, provided that it has caught up."""
    return bucket < route.read_below and method in route.read_methods


def decide(route: Route | None, method: str, bucket: int, freshness: Freshness) -> Decision:
    """Who answers first. Unknown paths are the monolith's; writes, and reads that miss something, the authority's."""
    if route is None:
        return MONOLITH
    if freshness is Freshness.CAUGHT_UP and is_candidate(route, method, bucket):
        return replica(route)
    return authority(route)


class Outcome(Enum):
    """How an attempt ended."""

    ANSWERED = auto()
    SERVER_ERROR = auto()
    MISDIRECTED = auto()
    UNREACHABLE = auto()
    REFUSED = auto()
    """By this side's guard; nothing was sent."""
    CLOSED = auto()
    TIMED_OUT = auto()
    BROKEN = auto()


class Step(Enum):
    """What to do about it: give the answer, ask again (at once at the other side, or after a pause), or give up."""

    ANSWER = auto()
    FALL_BACK = auto()
    REPEAT = auto()
    REDIRECT = auto()
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the next step depends on, beside the outcome.

    `repeatable`: the body is still all there. `harmless`: executing it twice is the same as once. `fallback`: the
    other side may answer this read as a replica. `closed`: connections found closed so far, this one included.
    """

    replica: bool
    repeatable: bool
    harmless: bool
    fallback: bool
    in_time: bool
    closed: int


_REPEATS: Final = {
    Outcome.MISDIRECTED: Step.REDIRECT,
    Outcome.UNREACHABLE: Step.REPEAT,
    Outcome.REFUSED: Step.REPEAT,
    Outcome.CLOSED: Step.REPEAT,
}


def next_step(outcome: Outcome, facts: Facts) -> Step:
    """What follows an attempt. Nothing is repeated that may have been executed, unless repeating is harmless."""
    if outcome is Outcome.ANSWERED:
        return Step.ANSWER
    if facts.replica or (facts.fallback and outcome is not Outcome.MISDIRECTED):
        return Step.FALL_BACK
    if outcome is Outcome.SERVER_ERROR:
        return Step.ANSWER
    may_repeat = facts.repeatable and facts.in_time
    if outcome is Outcome.CLOSED:
        may_repeat = may_repeat and facts.harmless and facts.closed < MAX_CLOSED
    return _REPEATS.get(outcome, Step.GIVE_UP) if may_repeat else Step.GIVE_UP
