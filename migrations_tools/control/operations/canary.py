"""`context canary`: the service answers the reads of a share of the users; raising the share
moves nobody back.
"""

from argparse import ArgumentParser

from migrations_tools.control.operations.percent import percentage
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import Phase, transition


def steps(task: Task) -> list[Step]:
    percent, now = task.options.get("percent"), task.flags
    if task.options.get("stop"):
        task.open(Phase.SHADOW)
        return [Step("go back to shadow: the monolith answers all reads", lambda: task.change(phase=Phase.SHADOW))]
    percent = 10 if percent is None else percent
    says = f"let the service answer the reads of {percent} % of the users"
    if now.phase is not Phase.CANARY:
        task.open(Phase.CANARY)
        return [Step(f"{says} (phase canary)", lambda: task.change(phase=Phase.CANARY, read_percent=percent))]
    if percent > now.read_percent:
        # More users at the service need what the first ones needed; fewer are never refused.
        task.judge(transition(Phase.SHADOW, Phase.CANARY))
    return [Step(says, lambda: task.change(read_percent=percent))]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--percent", type=percentage, help="share of the users whose reads the service answers (10)")
    parser.add_argument("--stop", action="store_true", help="go back to shadow")


CANARY = Operation("canary", "let the service answer the reads of a share of the users", steps, arguments)
