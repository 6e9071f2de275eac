"""`context shadow`: a share of the reads is asked of the service as well, and compared; no client notices."""

from argparse import ArgumentParser
from typing import Any

from migrations_tools.control.measure import reset_shadow
from migrations_tools.control.operations.percent import percentage
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import Phase


def steps(task: Task) -> list[Step]:
    percent, now = task.options.get("percent", 100), task.flags
    if task.options.get("stop"):
        task.open(Phase.DUAL_WRITE)
        return [Step("go back to dual_write and compare nothing", lambda: task.change(phase=Phase.DUAL_WRITE))]
    if now.phase is not Phase.DUAL_WRITE:
        return [Step(f"compare {percent} % of the reads", lambda: task.change(shadow_percent=percent))]
    task.open(Phase.SHADOW)
    return [
        Step("forget what was compared before", lambda: reset_shadow(task.context)),
        Step(f"set the phase to shadow and compare {percent} % of the reads", lambda: _enter(task, percent)),
    ]


def _enter(task: Task, percent: int) -> dict[str, Any]:
    return task.change(phase=Phase.SHADOW, shadow_percent=percent)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--percent", type=percentage, default=100, help="share of the reads to compare (100)")
    parser.add_argument("--stop", action="store_true", help="go back to dual_write")


SHADOW = Operation("shadow", "compare a share of the reads with the service's answers", steps, arguments)
