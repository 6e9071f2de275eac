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
MAX_WORKED: Final = 3
"""On how many attempts of one request upstreams may have worked: it may be what puts them in trouble."""


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
    UNAVAILABLE = auto()
    """An answer that says that the instance, and not the request, is in trouble."""
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
    other side may answer this read as a replica. `in_time`: there is time for another attempt, and for what was asked
    to be waited before it. `another`: an instance of the same side that has not just failed may be asked. `failed`:
    attempts so far, and `worked`: those of them on which an upstream may have worked, this one included. `returns`: to
    fall back is to ask the authority once more. `affordable`: the retry budget allows it.
    """

    replica: bool
    repeatable: bool
    harmless: bool
    fallback: bool
    in_time: bool
    another: bool
    failed: int
    worked: int
    returns: bool = False
    affordable: bool = True


WORKED: Final = frozenset({Outcome.SERVER_ERROR, Outcome.UNAVAILABLE, Outcome.CLOSED, Outcome.TIMED_OUT, Outcome.BROKEN})
"""After these an upstream may have worked on the request."""

_REPEATS: Final = {
    Outcome.MISDIRECTED: Step.REDIRECT,
    Outcome.UNREACHABLE: Step.REPEAT,
    Outcome.REFUSED: Step.REPEAT,
    Outcome.CLOSED: Step.REPEAT,
    Outcome.UNAVAILABLE: Step.REPEAT,
}
_OF_ONE_INSTANCE: Final = frozenset({Outcome.UNREACHABLE, Outcome.CLOSED, Outcome.UNAVAILABLE})
_WITH_AN_ANSWER: Final = frozenset({Outcome.ANSWERED, Outcome.SERVER_ERROR, Outcome.UNAVAILABLE})


def next_step(outcome: Outcome, facts: Facts) -> Step:
    """What follows an attempt. Nothing is repeated that may have been executed, unless repeating is harmless.

    A side has answered badly only when another of its instances has, too: that one is asked before the other side.
    """
    if outcome is Outcome.ANSWERED:
        return Step.ANSWER
    repeats = _may_repeat(outcome, facts)
    if facts.replica and not facts.returns:
        return Step.FALL_BACK
    if facts.replica:
        return Step.FALL_BACK if facts.in_time and facts.affordable else _end(outcome)
    if facts.fallback and outcome is not Outcome.MISDIRECTED:
        elsewhere = repeats and facts.another and facts.failed == 1 and outcome in _OF_ONE_INSTANCE
        return Step.REPEAT if elsewhere else Step.FALL_BACK
    return _REPEATS[outcome] if repeats else _end(outcome)


def adds_load(step: Step, outcome: Outcome, facts: Facts) -> bool:
    """Whether this step makes a side work once more on what it may have worked on before: the retry budget is asked for it."""
    return (step is Step.REPEAT and outcome in WORKED) or (step is Step.FALL_BACK and facts.returns)


def _may_repeat(outcome: Outcome, facts: Facts) -> bool:
    if outcome not in _REPEATS or not (facts.repeatable and facts.in_time):
        return False
    if outcome is Outcome.UNAVAILABLE and not facts.another:
        return False
    return outcome not in WORKED or (facts.harmless and facts.affordable and facts.worked < MAX_WORKED)


def _end(outcome: Outcome) -> Step:
    return Step.ANSWER if outcome in _WITH_AN_ANSWER else Step.GIVE_UP
