"""The relay of one context: rounds in whichever direction authority and policy say, for as long as the process lives.

Few changes are sent as one batch over all lanes, which costs one request. Many (a backfill, a burst) are sent lane by lane, side
by side. The pace adapts: at once while there is much to do, every few milliseconds while there is something, and ever more
rarely while there is nothing. There is no NOTIFY in the writers' transactions, since its queue lock would serialise their
commits.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import psycopg

from chassis.replica import authority, outbox
from chassis.replica.authority import Authority, Misdirected
from chassis.replica.keys import LANES
from migrations_tools.relay.remote import ReplicaUnavailable
from migrations_tools.relay.rounds import Applied, Outcome, Round
from migrations_tools.relay.sides import Side, Sides

log = logging.getLogger("banyan.relay")

MANY = 400
"""Queue rows from which on lanes run side by side."""
BATCH = 2_000
BUSY_PAUSE = 0.02
FIRST_IDLE_PAUSE = 0.01
LONGEST_IDLE_PAUSE = 0.05
TROUBLE_PAUSE = 0.5
NOT_MIRRORED_PAUSE = 0.25


class Surroundings(Protocol):
    """What the relay needs from the control plane; the composition root gives the real one."""

    def is_mirrored(self, context: str) -> bool:
        """Whether the context's phase has a replication; which way it goes is the authority rows' to say."""
        ...

    def finish_hand_over(self, context: str) -> bool:
        """Complete a hand-over whose process died after its point of no return. Returns whether there was one."""
        ...

    def publish_horizon(self, context: str, epoch: int, horizon: int) -> None:
        """Tell the facades how far the other side has come."""
        ...

    def applied(self, context: str, aggregate: str, keys: Sequence[int]) -> None:
        """Tell the facades what the other side answers anew."""
        ...


@dataclass(slots=True)
class _Lanes:
    """A round over all lanes and one for each lane, every one on a session of its own."""

    wide: Round
    single: list[Round]


class Relay:
    """Replicates one context until `stop` is set. `run` returns only then; trouble of either side is waited out."""

    def __init__(self, sides: Sides, surroundings: Surroundings, stop: threading.Event) -> None:
        self.sides = sides
        self.context = sides.context
        self.surroundings = surroundings
        self.stop = stop

    def run(self) -> None:
        while not self.stop.is_set():
            if not self.surroundings.is_mirrored(self.context):
                self.stop.wait(NOT_MIRRORED_PAUSE)
                continue
            try:
                self._replicate_from(self._owner())
            except Misdirected as moved:
                log.info("%s: authority is with the %s at epoch %d", self.context, moved.owner, moved.epoch)
                self._finish_hand_over()
            except (psycopg.OperationalError, ReplicaUnavailable) as trouble:
                log.warning("%s: %s", self.context, trouble)
                self.stop.wait(TROUBLE_PAUSE)

    def _finish_hand_over(self) -> None:
        if self.surroundings.finish_hand_over(self.context):
            log.warning("%s: completed a hand-over that was left half done", self.context)

    def _owner(self) -> Authority:
        """The owner by the side that knows the later epoch; completes a half hand-over on the way."""
        self._finish_hand_over()
        rows = []
        for side in (self.sides.monolith, self.sides.service):
            with side.connect("relay") as connection:
                rows.append(authority.read(connection, self.context))
        return max(rows, key=lambda row: row.epoch)

    def _replicate_from(self, known: Authority) -> None:
        source, target = self.sides.of(known.owner), self.sides.of(authority.other(known.owner))
        log.info("%s: replicating %s -> %s at epoch %d", self.context, source.name, target.name, known.epoch)
        with ExitStack() as stack, ThreadPoolExecutor(LANES, f"{self.context}-lane") as pool:
            rounds = _open(stack, source, target, partial(self.surroundings.applied, self.context))
            self._work(rounds, known, pool)

    def _work(self, rounds: _Lanes, known: Authority, pool: ThreadPoolExecutor) -> None:
        pause = FIRST_IDLE_PAUSE
        published = 0
        watch = rounds.wide.connection
        while not self.stop.is_set():
            state = outbox.state(watch, self.context, MANY)
            if state.horizon != published:
                self.surroundings.publish_horizon(self.context, known.epoch, state.horizon)
                published = state.horizon
            if state.waiting == 0 and self._changed(watch, known):
                return
            outcome = self._round(rounds, state.waiting, pool) if state.waiting else Outcome()
            if outcome.applied:
                pause = FIRST_IDLE_PAUSE
                self.stop.wait(0 if state.waiting >= MANY else BUSY_PAUSE)
            else:
                self.stop.wait(pause)
                pause = min(pause * 1.5, LONGEST_IDLE_PAUSE)

    def _round(self, rounds: _Lanes, waiting: int, pool: ThreadPoolExecutor) -> Outcome:
        if waiting < MANY:
            return rounds.wide.run(limit=BATCH)
        outcomes = list(pool.map(lambda lane: rounds.single[lane].run((lane,), limit=BATCH), range(LANES)))
        return sum(outcomes, Outcome())

    def _changed(self, connection: psycopg.Connection[Any], known: Authority) -> bool:
        """Whether authority has moved, or replication was switched off, since this direction was taken up."""
        now = authority.read(connection, self.context)
        return now != known or not self.surroundings.is_mirrored(self.context)


def _open(stack: ExitStack, source: Side, target: Side, applied: Applied) -> _Lanes:
    def opened() -> Round:
        return Round(source, target, stack.enter_context(source.connect("relay")), applied)

    return _Lanes(opened(), [opened() for _ in range(LANES)])
