"""`manage.py flag NAME [VALUE]`: one run-time flag, read or set. No lock is waited for: it is
also the brake. One that was set is in force at every facade when the command ends with 0; else it names
the workers that do not have it.
"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migrations_tools.control.facades import FacadesBehind, Reach, await_applied
from migrations_tools.control.flags import Reason, change, current
from migrations_tools.control.lock import operator
from migrations_tools.control.settle import Flags, NonsenseFlags
from migrations_tools.plans import UnknownContext

SETTABLE = ("read_percent", "shadow_percent")
READABLE = ("phase", *SETTABLE, "epoch")


class Command(BaseCommand):
    help = "Show a flag such as users.read_percent, or set it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help=f"<context>.<flag>; flags: {', '.join(READABLE)}")
        parser.add_argument("value", nargs="?", help="the new value; without it the flag is shown")
        parser.add_argument("--note", default="", help="why; kept in the history")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        context, _, flag = options["name"].partition(".")
        if flag not in READABLE:
            raise CommandError(f"{options['name']!r} is no flag; there are <context>.{{{','.join(READABLE)}}}", returncode=2)
        try:
            flags = current(context) if options["value"] is None else self._set(context, flag, options)
        except UnknownContext as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        except NonsenseFlags as refusal:
            raise CommandError(str(refusal)) from refusal
        reach = None if options["value"] is None else await_applied(flags.version)
        self._tell(options, getattr(flags, flag), reach)
        if reach is not None and reach.late:
            raise CommandError(str(FacadesBehind(reach)))

    def _tell(self, options: dict[str, Any], value: object, reach: Reach | None) -> None:
        if options["json"]:
            told = {} if reach is None else {"facades": reach.as_dict()}
            self.stdout.write(json.dumps({options["name"]: value, **told}, default=str))
            return
        self.stdout.write(str(value))
        for remark in reach.remarks() if reach is not None else ():
            self.stderr.write(remark)

    def _set(self, context: str, flag: str, options: dict[str, Any]) -> Flags:
        if flag not in SETTABLE:
            raise CommandError(
                f"{flag} is changed by `manage.py context`, which measures first; see its --help",
                returncode=2,
            )
        try:
            percent = int(options["value"])
        except ValueError:
            raise CommandError(f"{options['value']!r} is no whole percentage from 0 to 100", returncode=2) from None
        wanted: dict[str, Any] = {flag: percent}
        return change(context, Reason(operator(), "flag", note=options["note"]), **wanted)
