"""One round of the relay: take identities, re-read the aggregates, apply them to the other side, delete what was applied.

The order of these four is what makes it safe. Identities are deleted last, so a crash anywhere means that they are sent again;
the receiver knows the round by its number and changes nothing twice. Documents are read after the identities were taken and
after the number was drawn, all under the lanes' locks, so a higher number means a later reading.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import psycopg

from chassis.replica import authority, lanes, outbox, retry
from chassis.replica.authority import Authority, Misdirected
from chassis.replica.keys import LANES
from chassis.replica.outbox import Taken
from chassis.replica.retry import CONFLICT, Refused
from chassis.replica.wire import Header
from migrations_tools.relay.sides import Side

ALL_LANES = tuple(range(LANES))
LARGEST_CONFLICT = 1_000
"""How many aggregates a chain of changed-hands unique values may reach before the round gives up and backs off."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round did. `busy`: somebody else works on these lanes. `refused` aggregates stay queued."""

    applied: int = 0
    refused: int = 0
    busy: bool = False

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.applied + other.applied, self.refused + other.refused, self.busy or other.busy)


Applied = Callable[[str, Sequence[int]], None]
"""Is told which keys of an aggregate the other side has now."""


def nobody(_aggregate: str, _keys: Sequence[int]) -> None:
    """Nobody wants to know."""


class Round:
    """Rounds from `source` to `target` on one session of the source's database, which holds the lanes' locks."""

    def __init__(self, source: Side, target: Side, connection: psycopg.Connection[object], applied: Applied = nobody) -> None:
        self.source = source
        self.target = target
        self.connection = connection
        self.applied = applied
        self.context = source.context

    def run(self, on: Sequence[int] = ALL_LANES, *, limit: int, final: bool = False) -> Outcome:
        """Work off up to `limit` queue rows of the lanes `on`.

        `final` is for the holder of the exclusive fence: the horizon is ignored, and busy lanes are waited for. Raises
        `Misdirected` when the source has lost its authority or the target refuses the batch as stale.
        """
        with lanes.held(self.connection, self.context, on, wait=final) as held:
            if not held:
                return Outcome(busy=True)
            known = self._authority()
            total = Outcome()
            for taken in outbox.take(self.connection, self.context, on, limit, final=final):
                total += self._relay(known, taken, on, final=final)
        return total

    def queued_keys(self) -> dict[str, list[int]]:
        """What is queued right now, by aggregate, in the order of the queue."""
        found: dict[str, list[int]] = {}
        for aggregate, key in outbox.queued(self.connection, self.context):
            found.setdefault(aggregate, []).append(key)
        return found

    def _authority(self) -> Authority:
        """Read before the documents: what is read later under a lost authority is at most the final state, of an older epoch."""
        known = authority.read(self.connection, self.context)
        if known.owner != self.source.name:
            raise Misdirected(self.context, known.owner, known.epoch)
        return known

    def _relay(self, known: Authority, taken: Taken, on: Sequence[int], *, final: bool) -> Outcome:
        refused = self._send(known, taken, on)
        self._settle(taken, refused)
        applied = len(taken.keys) - len(refused)
        for one in refused:
            if one.reason == CONFLICT and one.holders:
                applied += self._resolve(known, taken.aggregate, one, on, final=final)
        return Outcome(applied, len(refused))

    def _send(self, known: Authority, taken: Taken, on: Sequence[int]) -> Sequence[Refused]:
        documents = self.source.documents(taken.aggregate, taken.keys)
        header = Header(self.context, taken.aggregate, known.epoch, tuple(on), taken.sequence, taken.horizon)
        return self.target.apply(header, documents, taken.keys).refused

    def _settle(self, taken: Taken, refused: Sequence[Refused]) -> None:
        failed = {one.key for one in refused}
        done = [row for row in taken.rows if row[3] not in failed]
        with self.connection.transaction():
            if done:
                outbox.delete(self.connection, self.context, done)
                retry.forget(self.connection, self.context, taken.aggregate, [key for key in taken.keys if key not in failed])
            retry.record(self.connection, self.context, taken.aggregate, refused)
        self.applied(taken.aggregate, [key for key in taken.keys if key not in failed])

    def _resolve(self, known: Authority, aggregate: str, conflict: Refused, on: Sequence[int], *, final: bool) -> int:
        """Apply an aggregate together with those that hold its unique values there: as a set they fit, since they do here.

        Each answer may name further holders, so the set grows until it fits. Returns how many aggregates were applied; 0 leaves
        all of them queued, to be tried again.
        """
        if tuple(on) != ALL_LANES:
            return 0  # A holder may be in a lane that this round has not locked; the next round over all lanes resolves it.
        group = {conflict.key, *conflict.holders}
        while len(group) <= LARGEST_CONFLICT:
            together = outbox.rows_of(self.connection, self.context, aggregate, sorted(group), final=final)
            refused = self._send(known, together, on)
            if not refused:
                self._settle(together, ())
                return len(group)
            further = set(_holders(refused)) - group
            if not further:
                return 0
            group |= further
        return 0


def _holders(refused: Iterable[Refused]) -> Iterable[int]:
    return (holder for one in refused for holder in one.holders)
