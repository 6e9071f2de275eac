"""`manage.py load_data`: fill the monolith's tables from a data set or from generated data."""

import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any, cast

import orjson
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from psycopg import Connection
from rich.console import Console

from chassis import purging, tags
from monolith.loading.adventureworks.source import AdventureWorks
from monolith.loading.errors import LoadError
from monolith.loading.generated.source import Generated
from monolith.loading.loader import NO_PASSWORD, load
from monolith.loading.onlineretail.source import OnlineRetail
from monolith.loading.progress import shown
from monolith.loading.source import Source


class Command(BaseCommand):
    requires_system_checks = ()  # they check plans and admin pages, which loading does not need
    help = (
        "Load customers, products and orders. It goes on where an earlier run stopped, adds only what is missing, and never"
        " overwrites or drops a row silently; a run that could not load everything ends with one line and exit code 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source", required=True, choices=("adventureworks", "online-retail", "generated"), help="what to load"
        )
        parser.add_argument(
            "--data",
            type=Path,
            default=os.environ.get("BANYAN_DATA"),
            help="the folder with adventureworks/ and online-retail/ (default: the environment variable BANYAN_DATA)",
        )
        parser.add_argument("--password", help="one known password for all loaded customers (default: none that fits)")
        parser.add_argument(
            "--again", action="store_true", help="offer every row of a finished load anew, and add what is missing"
        )
        parser.add_argument("--json", action="store_true", help="print the summary as JSON on stdout")
        made = parser.add_argument_group("generated data")
        made.add_argument("--customers", type=_count, default=20_000, help="how many (default 20000)")
        made.add_argument("--seed", type=int, default=1, help="another seed, other data (default 1)")
        made.add_argument(
            "--orders-per-customer", type=_mean, default=1.6, help="on average, 0 for none (default 1.6, as in AdventureWorks)"
        )
        made.add_argument("--products", type=_count, default=500, help="how many (default 500)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        password: str | None = options["password"]
        try:
            connection.ensure_connection()
            source = _source(options)
            with shown() as progress:
                summary = load(
                    cast("Connection", connection.connection),
                    source,
                    progress,
                    password=password,
                    encoded=NO_PASSWORD if password is None else make_password(password),
                    again=options["again"],
                )
        except LoadError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"no database: {str(error).splitlines()[0]}") from error
        except KeyboardInterrupt:
            raise CommandError("interrupted; committed pages are kept, run it again to go on", returncode=130) from None
        purging.tell(tags.everything("catalog"))  # what COPY brings in, no signal tells
        if options["json"]:
            self.stdout.write(orjson.dumps(summary.as_json(), option=orjson.OPT_INDENT_2).decode())
        else:
            summary.show(Console(file=sys.stdout))


def _source(options: dict[str, Any]) -> Source:
    name = options["source"]
    if name == "generated":
        return Generated(options["customers"], options["seed"], options["orders_per_customer"], options["products"])
    data: Path | None = options["data"]
    if data is None:
        raise LoadError(f"{name} needs its files: name their folder with --data or BANYAN_DATA, or use --source generated")
    return AdventureWorks(data) if name == "adventureworks" else OnlineRetail(data)


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return number


def _mean(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 50:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 50")
    return number
