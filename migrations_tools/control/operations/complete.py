"""`context complete`: the one one-way door. The legacy tables are archived, read back, and
dropped; the service stands alone.
"""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chassis import env
from migrations_tools import capture
from migrations_tools.control.archive import archive
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import Phase
from migrations_tools.plan import Table


class Unconfirmed(RuntimeError):
    """There is no way back from this, so it wants to be told twice."""

    def __init__(self, context: str) -> None:
        super().__init__(f"the legacy tables of {context} will be gone, and with them the way back; add --yes")


def steps(task: Task) -> list[Step]:
    if task.flags.phase is not Phase.EXTRACTED:  # else an earlier run ended before its last step
        task.open(Phase.EXTRACTED)
    if not (task.options.get("yes") or task.dry_run):
        raise Unconfirmed(task.context)
    tables = _present(task)
    folder = env.var_dir() / "archive" / f"{task.context}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    enter = Step("set the phase to extracted, whereupon the relay stops", lambda: task.change(phase=Phase.EXTRACTED))
    return [
        Step(f"archive {len(tables)} tables in {folder} and read them back", lambda: _archive(task, tables, folder)),
        *([] if task.flags.phase is Phase.EXTRACTED else [enter]),
        Step("stop recording changes at the service", lambda: _stop_recording(task)),
        Step("drop capture, fence and tables from the monolith", lambda: _drop(task, tables)),
    ]


def _present(task: Task) -> list[Table]:
    with task.sides.monolith.connect("complete") as connection:
        found = connection.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL",
            ([table.name for table in task.plan.tables],),
        ).fetchall()
    names = {row[0] for row in found}
    return [table for table in task.plan.tables if table.name in names]


def _archive(task: Task, tables: list[Table], folder: Path) -> dict[str, Any]:
    if not tables:
        return {}
    with task.sides.monolith.connect("complete") as connection:
        archived = archive(connection, tables, folder)
    return {"archive": str(folder), "tables": [asdict(one) for one in archived]}


def _stop_recording(task: Task) -> None:
    with task.sides.service.connect("complete") as connection:
        capture.switch(connection, task.plan, enabled=False)
        connection.execute("DELETE FROM banyan_outbox WHERE context = %s", (task.context,))


def _drop(task: Task, tables: list[Table]) -> None:
    if not tables:
        return
    with task.sides.monolith.connect("complete") as connection:
        capture.drop(connection, task.plan)
        # Without CASCADE: a foreign key of another context that still points here must stop this, not be torn
        # off.
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("DROP TABLE " + ", ".join(table.name for table in reversed(tables)))


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="confirm that there is no way back")


COMPLETE = Operation("complete", "archive and drop the legacy tables (no way back)", steps, arguments)
