"""`manage.py context OPERATION NAME`: move a context on, or back. Exit codes: 0 done, 1 refused
or failed, 2 wrong usage.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from migrations_tools.control.lock import operating
from migrations_tools.control.operations import OPERATIONS
from migrations_tools.control.operations.refusals import REFUSALS
from migrations_tools.control.operations.task import Operation, Progress, Task, no_progress
from migrations_tools.gates import GatesUnmet
from migrations_tools.plans import UnknownContext, plan_of


class Command(BaseCommand):
    help = "Move a context between monolith and service."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        operations = parser.add_subparsers(dest="operation", required=True, metavar="OPERATION")
        for operation in OPERATIONS.values():
            own = operations.add_parser(operation.name, help=operation.help, description=operation.help)
            own.add_argument("context", help="name of the context, such as users")
            own.add_argument("--json", action="store_true", help="print JSON")
            own.add_argument("--note", default="", help="why; kept in the history")
            if operation.rehearsable:
                own.add_argument("--dry-run", action="store_true", help="judge the gates, narrate the steps, change nothing")
                own.add_argument("--force", action="store_true", help="skip unmet gates that are no safety gates; recorded")
            operation.arguments(own)

    def handle(self, *_args: Any, **options: Any) -> None:
        operation = OPERATIONS[options["operation"]]
        try:
            plan = plan_of(options["context"])
        except UnknownContext as unknown:
            raise CommandError(str(unknown), returncode=2) from unknown
        quiet = options["json"]
        task = Task(
            plan,
            operation.name,
            options,
            dry_run=options.get("dry_run", False),
            forced=options.get("force", False),
            say=(lambda _text: None) if quiet else self.stdout.write,
            progress=no_progress if quiet else _bar,
        )
        failure = self._run(operation, task)
        if quiet:
            self.stdout.write(json.dumps(_report(task, failure), indent=2, default=str))
        if failure:
            raise CommandError(_words(failure))

    def _run(self, operation: Operation, task: Task) -> Exception | None:
        try:
            with operating(f"{task.context}{operation.lock(task.options)}", operation.name):
                operation.run(task)
        except REFUSALS as failure:
            return failure
        return None


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(shown, completed=done, total=total)


def _report(task: Task, failure: Exception | None) -> dict[str, Any]:
    return {
        "context": task.context,
        "operation": task.command,
        "ok": failure is None,
        "dry_run": task.dry_run,
        "error": str(failure) if failure else None,
        "gates": [gate.as_dict() for gate in task.gates],
        **task.facts,
    }


def _words(failure: Exception) -> str:
    if not isinstance(failure, GatesUnmet):
        return str(failure)
    return "refused.\n" + "\n".join(
        f"  {gate.name}: {gate.measured} (needed: {gate.needed}). Otherwise {gate.danger}. Next: {gate.command}"
        for gate in failure.gates
    )
