"""Telling divergence from delay: an aggregate is divergent only if it stood still while replication passed it.

The race this prevents: both sides are read while writes go on, so a difference may be a change that
is still on its way. A committed change is in the outbox until it has been applied. So the source is
read first, and then the suspects' outbox rows are awaited: once they are gone, the target has at
least what was read. If it still differs, the source is read again; only if that reading is the same
as the first can the difference not be a newer change either.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chassis.replica.digest import canonical
from migrations_tools.verify.differences import differences
from migrations_tools.verify.sides import Compared, Source

ROUNDS: Final = 40
PATIENCE_SECONDS: Final = 30.0
FIRST_PAUSE_SECONDS: Final = 0.005
LONGEST_PAUSE_SECONDS: Final = 0.2

_Documents = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """One divergent aggregate. `kind`: different, missing (at the target) or extra (only there)."""

    aggregate: str
    key: int
    kind: str
    fields: dict[str, list[Any]]

    def as_dict(self) -> dict[str, Any]:
        return {"aggregate": self.aggregate, "key": self.key, "kind": self.kind, "fields": self.fields}


@dataclass(slots=True)
class Verdicts:
    """What became of the suspects: how many were equal after all, the divergent ones, and those
    left `undecided` with the reason.
    """

    equal: int = 0
    found: list[Found] = field(default_factory=list)
    undecided: set[int] = field(default_factory=set)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long changes on their way are waited for; clock and pause are what a test replaces."""

    seconds: float = PATIENCE_SECONDS
    rounds: int = ROUNDS
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


def suspects(aggregate: str, keys: Sequence[int], source: Compared, target: Compared) -> tuple[int, set[int]]:
    """How many of the aggregates are equal at first sight, and the keys of those that are not."""
    here, there = source.documents(aggregate, keys), target.documents(aggregate, keys)
    present = [key for key in keys if key in here or key in there]
    unequal = {key for key in present if not _same(here, there, key)}
    return len(present) - len(unequal), unequal


def decide(aggregate: str, keys: set[int], source: Source, target: Compared, patience: Patience | None = None) -> Verdicts:
    """Decide each suspect. What cannot be decided in the rounds and seconds allowed is
    `undecided`, never called equal.
    """
    verdicts, patience = Verdicts(undecided=set(keys)), patience or Patience()
    for _ in range(patience.rounds):
        if not verdicts.undecided:
            return verdicts
        asked = sorted(verdicts.undecided)
        before = source.documents(aggregate, asked)
        late = _awaited(source, aggregate, asked, patience)
        passed = [key for key in asked if key not in late]
        there = target.documents(aggregate, passed)
        _judge(aggregate, passed, (before, there, source.documents(aggregate, passed)), verdicts)
        if late:
            verdicts.reason = f"changes of {len(late)} aggregates did not arrive within {patience.seconds:g} s"
            return verdicts
    if verdicts.undecided:
        verdicts.reason = f"{len(verdicts.undecided)} aggregates changed faster than they could be compared"
    return verdicts


def _judge(aggregate: str, keys: Sequence[int], read: tuple[_Documents, _Documents, _Documents], verdicts: Verdicts) -> None:
    before, there, after = read
    for key in keys:
        if _same(before, there, key) or _same(after, there, key):
            verdicts.equal += key in there
        elif _same(before, after, key):
            verdicts.found.append(_found(aggregate, key, before.get(key), there.get(key)))
        else:
            continue
        verdicts.undecided.discard(key)


def _awaited(source: Source, aggregate: str, keys: Sequence[int], patience: Patience) -> set[int]:
    """Those of `keys` whose changes still have not arrived; later changes of theirs are not awaited,
    or there would be no end.

    A parked aggregate is not awaited either: it is known not to arrive.
    """
    deadline, pause = patience.clock() + patience.seconds, FIRST_PAUSE_SECONDS
    awaited = source.pending(aggregate, keys)
    while awaited:
        left = set(awaited.values()) - source.parked(aggregate, keys)
        if not left or patience.clock() >= deadline:
            return left
        patience.pause(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        now = source.pending(aggregate, keys)
        awaited = {number: key for number, key in awaited.items() if number in now}
    return set()


def _same(one: _Documents, other: _Documents, key: int) -> bool:
    if key in one and key in other:
        return canonical(one[key]) == canonical(other[key])
    return key not in one and key not in other


def _found(aggregate: str, key: int, here: Mapping[str, Any] | None, there: Mapping[str, Any] | None) -> Found:
    if here is None or there is None:
        return Found(aggregate, key, "extra" if here is None else "missing", {})
    return Found(aggregate, key, "different", differences(here, there))
