"""`manage.py migrate` brings every database up to date, not only `default`; with `--database` just that
one.
"""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

EVERY = "every database"


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=EVERY)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Each database in turn, checks and all."""
        if options["database"] != EVERY:
            return super().execute(*args, **options)
        for alias in connections:
            super().execute(*args, **{**options, "database": alias, "heading": f"Database {alias}"})
        return None

    def handle(self, *args: Any, **options: Any) -> None:
        if "heading" in options and options["verbosity"] > 0:
            self.stdout.write(self.style.MIGRATE_HEADING(options["heading"]))
        super().handle(*args, **options)
