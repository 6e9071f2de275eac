"""The control process that is to be killed: the operator's command, composed so that it halts just before a step.

    python -m tests.chaos.control

It imports everything once and then forks one child for each request on its standard input, a JSON object a line. A child is a
process of its own, as a command is: it can be killed alone, and with it go its sessions and its locks. What it says is one JSON
object a line too: {"pid"} first, {"at": step} when it halts (it goes on after a line on standard input), and at last {"ended"}
with the exit status as `os.waitpid` has it, after {"done"} with the result or {"failed"} with the reason.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - a script's own order: settings before models

from migrations_tools import cutover  # noqa: E402
from migrations_tools.control.flags import Reason, change, current  # noqa: E402
from migrations_tools.control.lock import operating, operator  # noqa: E402
from migrations_tools.control.operations.refusals import REFUSALS  # noqa: E402
from migrations_tools.phases import Direction, Phase  # noqa: E402
from migrations_tools.plans import PLANS  # noqa: E402
from migrations_tools.relay.sides import sides  # noqa: E402

CONTEXT = "users"
COMMANDS = {Direction.TO_SERVICE: "cutover", Direction.TO_MONOLITH: "rollback"}


def say(**words: object) -> None:
    """One line, at once."""
    os.write(1, json.dumps(words, default=str).encode() + b"\n")


def heard() -> bytes:
    """One line, and not a byte more: the next one may be for another process. Empty at the end of input."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def hand_over(direction: str, pause: str | None = None) -> object:
    """`context cutover` or `context rollback`, without the gates: complete what was left half done, else perform it all."""
    plan, way = PLANS[CONTEXT], Direction(direction)
    both = sides(plan)

    def observe(_number: int, step: cutover.Step) -> None:
        if step.name == pause:
            say(at=step.name)
            heard()

    with operating(CONTEXT, COMMANDS[way]):
        cutover.finish(both, who=operator())
        owner = max(cutover.rows(both), key=lambda row: row.epoch).owner
        if owner == way.target:
            return {"already": True}
        return cutover.perform(plan, both, way, who=operator(), observer=observe).as_dict()


def canary(percent: int) -> object:
    """Share the reads with the service, by way of every phase before, without their gates."""
    for phase in (Phase.SHADOW, Phase.CANARY):
        if current(CONTEXT).phase in (Phase.DUAL_WRITE, Phase.SHADOW):
            change(CONTEXT, Reason("chaos", "canary"), phase=phase)
    return change(CONTEXT, Reason("chaos", "canary"), read_percent=percent).read_percent


def manage(*arguments: str) -> object:
    """Any management command; what it prints goes to standard error."""
    call_command(*arguments, stdout=sys.stderr)
    return None


REQUESTS: dict[str, Callable[..., object]] = {"hand_over": hand_over, "canary": canary, "manage": manage}


def act(request: dict[str, Any]) -> None:
    """In the child: do it, and say how it went. Only what a command answers in one line is a failure; else it is a crash."""
    try:
        say(done=REQUESTS[request["do"]](*request.get("with", ()), **request.get("options", {})))
    except REFUSALS as failure:
        say(failed=f"{type(failure).__name__}: {failure}")


def main() -> None:
    while line := heard():
        if (pid := os.fork()) == 0:
            say(pid=os.getpid())
            act(json.loads(line))
            return
        say(ended=os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main()
