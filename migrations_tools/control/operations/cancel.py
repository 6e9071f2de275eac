"""`context cancel`: back to the monolith alone. Nothing is lost, since the monolith has had
authority all along.
"""

from migrations_tools import capture
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import Phase


def steps(task: Task) -> list[Step]:
    drop = Step("drop capture and fence from the monolith's tables", lambda: _drop(task))
    if task.flags.phase is Phase.MONOLITH and _installed(task):
        return [drop]  # an earlier run ended between the last two steps
    task.open(Phase.MONOLITH)
    stop_reads = [
        Step("send all reads to the monolith", lambda: task.change(read_percent=0)),
        Step("wait until every facade does", task.await_facades),
    ]
    return [
        *(stop_reads if task.flags.read_percent else []),
        # Capture goes last: without it a phase that mirrors would miss changes, and nobody would notice.
        Step("set the phase to monolith, whereupon the relay stops", lambda: task.change(phase=Phase.MONOLITH)),
        drop,
    ]


def _installed(task: Task) -> bool:
    with task.sides.monolith.connect("cancel") as connection:
        row = connection.execute("SELECT to_regproc(%s)", (f"banyan_capture_{task.context}",)).fetchone()
    return bool(row and row[0])


def _drop(task: Task) -> None:
    with task.sides.monolith.connect("cancel") as connection:
        capture.drop(connection, task.plan)


CANCEL = Operation("cancel", "go back to the monolith alone and drop capture", steps)
