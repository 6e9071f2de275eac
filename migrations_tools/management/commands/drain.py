"""`manage.py drain URL`: no facade sends anything new to the instance at this address, so that it can be stopped without a failed
request. It stays so until the instance is started anew. Exit code 1: nobody is there, or somebody has not obeyed.
"""

import json
from typing import Any

import valkey
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chassis.registry.living import drain, living
from chassis.registry.record import InvalidRecord
from migrations_tools.control import valkeys


class Command(BaseCommand):
    help = "Order the instance at an address to drain, before it is stopped by hand."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="the address under which it announces itself (BANYAN_INSTANCE_URL)")
        parser.add_argument("--seconds", type=float, default=10.0, help="how long to wait for it to obey (10)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        url = options["url"].rstrip("/")
        try:
            with valkeys.connected() as client:
                here = living(client)
                there = [one for one in here if one.url == url]
                late = drain(client, url, options["seconds"]) if there else []
        except (valkey.ValkeyError, InvalidRecord) as error:
            raise CommandError(f"Valkey cannot be asked, so that nobody can be told: {error}") from error
        if not there:
            known = ", ".join(sorted({one.url for one in here})) or "nobody"
            raise CommandError(f"no instance announces itself at {url}; there is {known}")
        if options["json"]:
            facts = {"drained": [one.id for one in there if one.id not in {other.id for other in late}]}
            self.stdout.write(json.dumps({**facts, "late": [one.id for one in late]}))
        if late:
            raise CommandError(f"still serving: {', '.join(one.id for one in late)}; do not stop it yet")
        if not options["json"]:
            left = len({one.url for one in here if one.context == there[0].context} - {url})
            self.stdout.write(f"{url} drains; {left} other instances of {there[0].context} serve")
