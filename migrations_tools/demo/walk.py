"""The road out, back, and out again, as an operator walks it; each line of the table is one command."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_tools.demo.facts import Cutover, Effort, Run, Stage
from migrations_tools.demo.operator import Operator


@dataclass(frozen=True, slots=True)
class Stop:
    """A command, the stage that begins with it (none: it is work within the one before), and how long traffic then flows."""

    operation: str
    arguments: tuple[str, ...] = ()
    stage: str = ""
    seconds: float = 0.0


ROAD: tuple[Stop, ...] = (
    Stop("begin", stage="dual_write", seconds=2),
    Stop("backfill"),
    Stop("verify"),
    Stop("shadow", ("--percent", "50"), stage="shadow", seconds=8),
    Stop("canary", ("--percent", "10"), stage="canary 10 %", seconds=6),
    Stop("canary", ("--percent", "50"), stage="canary 50 %", seconds=6),
    Stop("canary", ("--percent", "100"), stage="canary 100 %", seconds=6),
    Stop("verify"),
    Stop("cutover", stage="service", seconds=10),
    Stop("rollback", stage="rollback", seconds=8),
    Stop("verify"),
    Stop("cutover", stage="service", seconds=12),
)

HAND_OVERS = ("cutover", "rollback")


class Walk:
    """Goes the road and notes in `run` what was passed, and when. `tell` is told each command before it runs."""

    def __init__(self, operator: Operator, run: Run, databases: dict[str, str], tell: Callable[[str], None]) -> None:
        self._operator, self._run, self._databases, self._tell = operator, run, databases, tell

    def go(self, pace: float = 1.0) -> None:
        """The whole road; `pace` stretches the time between its stops. Raises CommandFailed where it is barred."""
        for stop in ROAD:
            self._tell(" ".join(["context", stop.operation, self._run.context, *stop.arguments]))
            report = self._operator.context_command(stop.operation, *stop.arguments)
            began = time.time()
            if stop.operation in HAND_OVERS:
                began = self._note_hand_over(report)
            self._note(stop, report, began)
            self._tell("")
            time.sleep(stop.seconds * pace)

    def _note(self, stop: Stop, report: dict[str, Any], began: float) -> None:
        if stop.stage:
            self._run.stages.append(Stage(stop.stage, began))
        if stop.operation == "backfill":
            self._run.backfill = Effort(report["rows"], report["seconds"])
        if stop.operation == "verify" and self._run.verify is None:
            self._run.verify = Effort(report["rows"], report["seconds"])

    def _note_hand_over(self, report: dict[str, Any]) -> float:
        """When the switch took place, by the clock of the database that gained authority."""
        direction = report["direction"]
        gainer = self._databases["users" if direction == "to_service" else "monolith"]
        with psycopg.connect(gainer) as connection:
            query = "SELECT extract(epoch FROM updated_at)::float8 FROM banyan_authority WHERE context = %s"
            row = connection.execute(query, (self._run.context,)).fetchone()
        assert row is not None
        self._run.cutovers.append(Cutover(direction, row[0], report["pause_ms"], 0.0, report["steps"]))
        return float(row[0])
