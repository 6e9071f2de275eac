"""`manage.py purge TAG …`: what the facades keep of answers with these tags goes, at once. Exit code 1: nobody could be told."""

import json
from typing import Any

import valkey
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chassis import purging, tags
from migrations_tools.plans import PLANS


class Command(BaseCommand):
    help = "Make kept answers go from the caches of all facades: by tag, by context, by path."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tags", nargs="*", metavar="TAG", help="such as catalog:product:17, catalog:product, catalog")
        parser.add_argument("--context", action="append", default=[], help="all of a context: by its tag, and by its paths")
        parser.add_argument("--path", action="append", default=[], help="whatever lies at or below this path")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        named = [*options["tags"], *map(tags.everything, options["context"])]
        routes = [route.prefix for name in options["context"] if name in PLANS for route in PLANS[name].routes]
        prefixes = [*routes, *options["path"]]
        if not named and not prefixes:
            raise CommandError("name a TAG, a --context or a --path", returncode=2)
        if bad := [path for path in prefixes if not path.startswith("/")]:
            raise CommandError(f"{bad[0]!r} is no path: it begins with a slash", returncode=2)
        try:
            told = purging.purge(tags=named, prefixes=prefixes)
        except valkey.ValkeyError as error:
            raise CommandError(
                f"Valkey cannot be told ({error}). Kept answers go when their time is over; a facade that was cut off from Valkey"
                " empties its cache when it is back"
            ) from error
        self.stdout.write(json.dumps({"told": told}) if options["json"] else f"workers of facades told: {told}")
