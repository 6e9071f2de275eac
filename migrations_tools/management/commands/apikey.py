"""`manage.py apikey create|list|revoke`: API keys of third parties. Exit codes: 0 done, 1 refused, or done without every facade
knowing it yet; 2 wrong usage.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from migrations_tools.control import apikeys
from migrations_tools.control.apikeys import BadRequest, UnknownKey, Wanted
from migrations_tools.control.facades import FacadesBehind, Reach, await_applied
from migrations_tools.control.lock import operator
from migrations_tools.control.models import ApiKey

COLUMNS = ("id", "name", "scopes", "limit", "expires", "made by", "revoked")
WIDTH = 140
"""Of the table where no terminal says how wide it is."""


class Command(BaseCommand):
    help = "Make, list and revoke API keys of third parties."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        operations = parser.add_subparsers(dest="operation", required=True, metavar="OPERATION")
        create = operations.add_parser("create", help="make a key; its secret is shown this once")
        create.add_argument("name", help="whose key it is")
        create.add_argument("--scope", action="append", default=[], help="what it may do; may be repeated")
        create.add_argument("--limit", help="such as 600/60: requests in so many seconds; without it, no limit of its own")
        create.add_argument("--days", type=int, help="until it expires; without it, never")
        listing = operations.add_parser("list", help="show the keys that are in force")
        listing.add_argument("--all", action="store_true", help="the revoked and expired ones, too")
        revoke = operations.add_parser("revoke", help="withdraw a key at all facades")
        revoke.add_argument("id", help="the key's id: what stands before the dot")
        for changing in (create, revoke):
            changing.add_argument("--dry-run", action="store_true", help="tell what would be done, change nothing")
        for any_of_them in (create, listing, revoke):
            any_of_them.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        operation = {"create": self._create, "list": self._list, "revoke": self._revoke}[options["operation"]]
        try:
            operation(options)
        except BadRequest as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        except UnknownKey as refusal:
            raise CommandError(str(refusal)) from refusal

    def _create(self, options: dict[str, Any]) -> None:
        wanted = Wanted(
            options["name"],
            tuple(options["scope"]),
            None if options["limit"] is None else apikeys.limit_of(options["limit"]),
            None if options["days"] is None else timezone.now() + timedelta(days=options["days"]),
        )
        if options["dry_run"]:
            scopes = ", ".join(wanted.scopes) or "no scope"
            self._tell(options, {"name": wanted.name, "scopes": list(wanted.scopes), "dry_run": True},
                       f"would make a key for {wanted.name} with {scopes}")  # fmt: skip
            return
        key, written = apikeys.create(wanted, operator())
        # Shown before anything is waited for: whoever grows impatient must not be left with a key that nobody knows.
        words = f"{written}\nThis is shown once: only its hash is kept. Send it as X-Api-Key."
        self._tell_reach(options, key, {"key": written}, words)

    def _revoke(self, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            key = apikeys.find(options["id"])
            self._tell(options, {**_facts(key), "dry_run": True}, f"would revoke {key.id} of {key.name}")
            return
        key = apikeys.revoke(options["id"], operator())
        self._tell_reach(options, key, {}, f"revoked {key.id} of {key.name}")

    def _list(self, options: dict[str, Any]) -> None:
        keys = list(apikeys.listed(everything=options["all"]))
        if options["json"]:
            self.stdout.write(json.dumps([_facts(key) for key in keys], indent=2))
            return
        self.stdout.ending = ""
        width = None if self.stdout.isatty() else WIDTH
        Console(file=self.stdout, soft_wrap=True, width=width).print(_table(keys))  # type: ignore[arg-type]  # like a stream

    def _tell_reach(self, options: dict[str, Any], key: ApiKey, facts: dict[str, Any], words: str) -> None:
        """What was done, and whether the facades have it."""
        if not options["json"]:
            self.stdout.write(words)
        reach = await_applied(key.version)
        if options["json"]:
            late = [worker.name for worker in reach.late]
            self.stdout.write(json.dumps({**_facts(key), **facts, "late": late, "facades": reach.as_dict()}))
        self._complain(reach, quiet=options["json"])

    def _complain(self, reach: Reach, *, quiet: bool) -> None:
        for remark in () if quiet else reach.remarks():
            self.stderr.write(remark)
        if reach.late:
            raise CommandError(str(FacadesBehind(reach)))

    def _tell(self, options: dict[str, Any], facts: dict[str, Any], words: str) -> None:
        self.stdout.write(json.dumps(facts) if options["json"] else words)


def _facts(key: ApiKey) -> dict[str, Any]:
    """Everything but the hash."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "limit": f"{key.limit_requests}/{key.limit_seconds}" if key.limit_requests else None,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "created_at": key.created_at.isoformat(),
        "created_by": key.created_by,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "revoked_by": key.revoked_by,
    }


def _table(keys: Iterable[ApiKey]) -> Table:
    table = Table(*COLUMNS)
    for key in keys:
        facts = _facts(key)
        cells = (key.id, key.name, " ".join(key.scopes), facts["limit"], facts["expires_at"], key.created_by, facts["revoked_at"])
        table.add_row(*(cell or "–" for cell in cells))
    return table
