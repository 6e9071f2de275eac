"""One kill: a hand-over halts just before a step, a process dies, the command is repeated, and what came of it is looked at."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chassis.replica.keys import FENCE_CLASS
from migrations_tools.cutover import STEPS
from migrations_tools.demo.ledger import Ledger, ledger
from migrations_tools.demo.proof import Proof, Verdict
from migrations_tools.demo.record import entries
from migrations_tools.phases import Direction, after_hand_over
from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic

CUSTOMERS_AT_WORK = 5
REPEATED_FOR = 30.0
SETTLED_WITHIN = 30.0
LOCKS_GONE_WITHIN = 5.0
COMMANDS = {"cutover": Direction.TO_SERVICE, "rollback": Direction.TO_MONOLITH}
NAMES = tuple(step.name for step in STEPS)
UNHARMED = ("control", "relay")
"""Victims that no request passes through: while they are dead, no request may fail."""

_HAND_OVER_LOCKS = """
SELECT d.datname, a.application_name, l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND (l.classid::bigint = %s OR d.datname = 'control')
"""


@dataclass(frozen=True, slots=True)
class Kill:
    """Who dies just before which step of a cut-over or a roll-back."""

    command: str
    step: str
    victim: str

    def __str__(self) -> str:
        return f"{self.command}-{NAMES.index(self.step) + 1}-{self.step}-{self.victim}"

    @property
    def run(self) -> str:
        """A short name, since unique values carry it and a label has 40 characters."""
        return f"{self.command}-{NAMES.index(self.step) + 1}-{self.victim}"

    @property
    def direction(self) -> Direction:
        return COMMANDS[self.command]


def kills(*victims: str) -> list[Kill]:
    """Every step of both commands with every one of the victims. The commands take turns, so that each begins where the one
    before has ended, and so do the victims, so that each has time to return.
    """
    turns = [(command, victim) for victim in victims for command in COMMANDS]
    assert len(victims) % 2, "an even number of victims would meet the same command each time"
    ordered = [(list(COMMANDS)[turn % 2], victims[turn % len(victims)]) for turn in range(len(turns))]
    return [Kill(command, step, victim) for step in NAMES for command, victim in ordered]


class Happening:
    """One stretch of traffic on a stage, and its proof."""

    def __init__(self, stage: Stage, run: str) -> None:
        self.stage = stage
        self.run = run
        self.journal = stage.folder / f"{run}.ndjson"
        customers = stage.members.next(CUSTOMERS_AT_WORK)
        self.traffic = Traffic(stage.urls["facade"], customers, stage.members.skus, self.journal, run)

    @contextmanager
    def under_way(self) -> Iterator[Traffic]:
        with self.traffic.flowing():
            self.traffic.await_all()
            yield self.traffic

    @property
    def ledger(self) -> Ledger:
        return ledger(entries(self.journal))

    def verdict(self) -> Verdict:
        """Once replication has settled. Raises AssertionError when it does not."""
        databases = self.stage.around.databases
        proof = Proof([self.journal], databases["monolith"], databases["users"])
        assert proof.settle(SETTLED_WITHIN), "replication does not settle"
        return proof.verdict()


def epochs(stage: Stage) -> dict[str, tuple[str, int]]:
    """What each side's database says: the owner, and since which epoch."""
    found = {}
    for name in ("monolith", "users"):
        with stage.connected(name) as connection:
            row = connection.execute("SELECT owner, epoch FROM banyan_authority WHERE context = 'users'").fetchone()
            assert row is not None
            found[name] = row
    return found


def brought_to(stage: Stage, direction: Direction) -> int:
    """Have the context where this hand-over begins, half of the reads in the canary at the service; the epoch there."""
    owner, epoch = max(epochs(stage).values(), key=lambda row: row[1])
    if owner != direction.source:
        stage.operator.completed(_back(direction), REPEATED_FOR)
        epoch += 1
    if direction is Direction.TO_SERVICE:
        stage.operator.canary(50)
    return epoch


def survives(stage: Stage, kill: Kill) -> None:
    """The whole scenario. Raises AssertionError for whatever must not be."""
    before = brought_to(stage, kill.direction)
    happening = Happening(stage, kill.run)
    with happening.under_way() as traffic:
        kill_during(stage, kill)
        stage.await_return(kill.victim)
        traffic.await_all()
        stage.await_trust()
    prove(happening, kill, before)


def kill_during(stage: Stage, kill: Kill) -> None:
    """The hand-over with the kill in it, repeated until it is complete."""
    operator = stage.operator
    operator.hand_over(kill.direction, pause=kill.step)
    assert operator.halted(), f"the step was not reached: {operator.ending().failed}"
    if kill.victim == "control":
        operator.signal(signal.SIGKILL)
    else:
        stage.kill(kill.victim, worker=kill.command == "cutover")
        operator.go_on()
    ending = operator.ending()
    if not ending.succeeded:
        operator.completed(kill.direction, REPEATED_FOR)


def prove(happening: Happening, kill: Kill, before: int) -> None:
    """Every proof of the demonstration, and what else a kill must leave behind it."""
    stage = happening.stage
    verdict, book = happening.verdict(), happening.ledger
    bad = {name: finding for name, finding in verdict.findings.items() if name != "failed" and not finding.good}
    assert not bad, bad
    assert book.acknowledged_writes >= 2 * CUSTOMERS_AT_WORK
    failures = [(one.op, one.status, one.reason) for one in book.failed if not _explained(one.op, one.status, kill.victim)]
    assert failures == [], failures
    target = str(kill.direction.target)
    assert epochs(stage) == {"monolith": (target, before + 1), "users": (target, before + 1)}
    with stage.connected("control") as connection:
        flags = connection.execute("SELECT phase, epoch FROM control_contextstate WHERE context = 'users'").fetchone()
    assert flags == (after_hand_over(kill.direction), before + 1)
    assert_no_lock_is_left(stage)


def assert_no_lock_is_left(stage: Stage) -> None:
    """Neither the fence of a side nor the context in the control database is held by anybody."""
    deadline = time.monotonic() + LOCKS_GONE_WITHIN
    with stage.connected("control") as connection:
        while left := connection.execute(_HAND_OVER_LOCKS, (FENCE_CLASS,)).fetchall():
            assert time.monotonic() < deadline, left
            time.sleep(0.02)


def _explained(op: str, status: int, victim: str) -> bool:
    """Whether a death on the way of a request explains this failure. A removal that was executed unseen and sent once more finds
    nothing left to remove.
    """
    return victim not in UNHARMED and (status == 0 or status >= 500 or (op, status) == ("remove address", 404))


def _back(direction: Direction) -> str:
    return next(str(other) for other in Direction if other is not direction)
