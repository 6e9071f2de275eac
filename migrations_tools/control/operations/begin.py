"""`context begin`: from here every change of the context is captured and replicated to the service."""

from typing import Any

from chassis.replica import authority
from chassis.replica.authority import Authority
from migrations_tools import capture, cutover
from migrations_tools.control.measure import reset_shadow
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import Phase


def steps(task: Task) -> list[Step]:
    task.open(Phase.DUAL_WRITE)
    return [
        Step("forget the backfill and the comparisons of an earlier attempt", lambda: _forget(task)),
        # The rows come first: a fence without a row would turn every writer away.
        Step("write on both sides that the monolith has authority, at a new epoch", lambda: _own(task)),
        Step("install fence and capture on the monolith's tables", lambda: _install(task)),
        Step(
            "set the phase to dual_write, whereupon the relay begins",
            lambda: task.change(phase=Phase.DUAL_WRITE, epoch=task.facts["epoch"]),
        ),
    ]


def _forget(task: Task) -> None:
    with task.sides.monolith.connect("begin") as connection:
        connection.execute("DELETE FROM banyan_checkpoint WHERE context = %s", (task.context,))
    reset_shadow(task.context)


def _own(task: Task) -> dict[str, Any]:
    """Above every epoch that either side has seen, so that no batch of an earlier attempt is
    taken for one of this.
    """
    epoch = max(row.epoch for row in cutover.rows(task.sides)) + 1
    for side in (task.sides.monolith, task.sides.service):
        with side.connect("begin") as connection:
            authority.raise_to(connection, Authority(task.context, "monolith", epoch))
    return {"epoch": epoch}


def _install(task: Task) -> None:
    with task.sides.monolith.connect("begin") as connection:
        capture.install(connection, task.plan)


BEGIN = Operation("begin", "capture and replicate every change from here on (phase dual_write)", steps)
