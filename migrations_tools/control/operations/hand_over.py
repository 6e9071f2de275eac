"""`context cutover` and `context rollback`: the same procedure, with the sides exchanged."""

from collections.abc import Callable, Sequence
from typing import Any

from migrations_tools import cutover
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import Direction, after_hand_over


def _steps(direction: Direction) -> Callable[[Task], Sequence[Step]]:
    def steps(task: Task) -> list[Step]:
        if not task.dry_run:
            # A hand-over that died half-way is completed first: the phase that it should have reached is then the one that the
            # gates are judged in.
            task.facts["completed_earlier"] = cutover.finish(task.sides, who=task.who)
            if task.facts["completed_earlier"] and task.flags.phase is after_hand_over(direction):
                return []
        task.open(after_hand_over(direction))
        if task.dry_run:
            return _rehearsal(task, direction)
        return [Step(f"hand the authority over to the {direction.target}", lambda: _perform(task, direction))]

    return steps


def _rehearsal(task: Task, direction: Direction) -> list[Step]:
    task.facts["predicted_pause_ms"] = cutover.predicted_pause_ms(task.plan, direction)
    return [Step(line, dict) for line in cutover.narrate(task.plan, direction)]


def _perform(task: Task, direction: Direction) -> dict[str, Any]:
    report = cutover.perform(
        task.plan,
        task.sides,
        direction,
        who=task.who,
        observer=lambda number, step: task.say(f"  {number}. {step.name}"),
    )
    return {**report.as_dict(), "phase": str(task.flags.phase)}


CUTOVER = Operation("cutover", "hand the authority over to the service", _steps(Direction.TO_SERVICE))
ROLLBACK = Operation("rollback", "hand the authority back to the monolith", _steps(Direction.TO_MONOLITH))
