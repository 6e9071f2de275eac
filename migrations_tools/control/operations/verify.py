"""`context verify`: are both sides the same? It changes nothing but, when asked, replicates again
what differs.
"""

from argparse import ArgumentParser
from typing import Any

from migrations_tools.control.models import VerifyOutcome, VerifyRun
from migrations_tools.control.operations.task import Operation, Step, Task
from migrations_tools.phases import policy
from migrations_tools.verify.pair import pair
from migrations_tools.verify.run import repair, run


class NothingMirrored(RuntimeError):
    """The context is on one side only, so there is nothing to compare."""

    def __init__(self, context: str, phase: str) -> None:
        super().__init__(f"in phase {phase} {context} is not mirrored, so there is nothing to compare")


class NotClean(RuntimeError):
    """The comparison ended otherwise than clean. `run` has the counts and the samples."""

    def __init__(self, record: VerifyRun) -> None:
        divergent = record.different + record.missing + record.extra
        super().__init__(
            f"{divergent} divergent; look at them with --json or in the admin, or replicate them again with --repair"
            if record.outcome == VerifyOutcome.DIVERGENT
            else f"not measured: {record.reason}"
        )
        self.run = record


def steps(task: Task) -> list[Step]:
    flags = task.flags
    direction = policy(flags.phase).replication
    if direction is None:
        raise NothingMirrored(task.context, flags.phase)
    says = f"compare the {direction.source} with the {direction.target}"
    return [Step(says, lambda: _compare(task)), Step("decide", lambda: _decide(task))]


def _compare(task: Task) -> dict[str, Any]:
    flags = task.flags
    direction = policy(flags.phase).replication
    assert direction is not None
    with task.progress("verify") as progress:
        record = run(task.plan, pair(task.sides, direction), flags.epoch, resume=not task.options.get("fresh"), progress=progress)
    repaired = 0
    if task.options.get("repair"):
        repaired = repair(record, pair(task.sides, direction))
        task.say(f"{repaired} aggregates are being replicated again; verify once more to see that they arrived")
    seconds = (record.finished_at - record.started_at).total_seconds() if record.finished_at else None
    counts = {name: getattr(record, name) for name in ("equal", "different", "missing", "extra")}
    task.say(f"{record.outcome}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return {
        "run": record.pk, "outcome": str(record.outcome), "reason": record.reason, **counts,
        "rows": sum(counts.values()), "seconds": seconds, "samples": record.samples, "repaired": repaired,
    }  # fmt: skip


def _decide(task: Task) -> None:
    if task.facts["outcome"] != VerifyOutcome.CLEAN:
        raise NotClean(VerifyRun.objects.get(pk=task.facts["run"]))


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="replicate again whatever differs")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of resuming an unfinished run")


VERIFY = Operation(
    "verify",
    "compare both sides, aggregate by aggregate",
    steps,
    arguments,
    rehearsable=False,
    lock=lambda _options: "/verify",
    flags=False,
)
