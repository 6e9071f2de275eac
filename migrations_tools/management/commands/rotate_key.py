"""`manage.py rotate_key`: the next key of access tokens, on a schedule that every process reads off the clock. Nobody is signed
out. It refuses where the environment holds the keys, and while a rotation is on its way.
"""

import json
import time
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chassis.identity.keeping import LOOK_SECONDS, KeysFromEnvironment, ring, rotate
from chassis.identity.ring import KNOWN_SECONDS, LEAD_SECONDS, Held, RotationPending

SHORTEST_LEAD = 2 * LOOK_SECONDS

_ELSEWHERE = """IDENTITY_PRIVATE_KEY is set, so the keys are not ours to change. In three deployments, one after another:
  1. add the next key's public half to IDENTITY_PUBLIC_KEYS everywhere, and wait {known} s;
  2. put the next key into IDENTITY_PRIVATE_KEY, and the public half of the old one into IDENTITY_PUBLIC_KEYS;
  3. after {life} minutes, take the old one out of IDENTITY_PUBLIC_KEYS."""


class Command(BaseCommand):
    help = (
        "Make the next key of access tokens, publish it, sign with it, and accept the old one until its last token has expired."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lead",
            type=float,
            default=LEAD_SECONDS,
            metavar="SECONDS",
            help=f"how long the next key is published before it signs ({LEAD_SECONDS}); verifiers may know the old keys for"
            f" {KNOWN_SECONDS}",
        )
        parser.add_argument(
            "--compromised",
            action="store_true",
            help="sign with it at once and refuse whatever an older key has signed: everybody's access token must be renewed",
        )
        parser.add_argument("--dry-run", action="store_true", help="tell which keys there are, change nothing")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["lead"] < SHORTEST_LEAD:
            said = f"processes look at the keys every {LOOK_SECONDS:g} s, so --lead is {SHORTEST_LEAD:g} or more"
            raise CommandError(said, returncode=2)
        try:
            made = ring() if options["dry_run"] else rotate(None if options["compromised"] else options["lead"])
        except KeysFromEnvironment as refusal:
            raise CommandError(_ELSEWHERE.format(known=KNOWN_SECONDS, life=16)) from refusal
        except RotationPending as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps({"keys": [_facts(one) for one in made.held]}))
            return
        signer = made.signer(time.time())
        for one in made.held:
            self.stdout.write(_words(one, signs=one.key is signer))


def _facts(one: Held) -> dict[str, Any]:
    return {"kid": one.key.kid, "signs_from": one.signs_from, "until": one.until}


def _words(one: Held, *, signs: bool) -> str:
    begins = "signs now" if signs else "is published"
    if one.signs_from > time.time():
        begins += f", signs from {_at(one.signs_from)}"
    ends = "" if one.until is None else f", is accepted until {_at(one.until)}"
    return f"{one.key.kid} {begins}{ends}"


def _at(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
