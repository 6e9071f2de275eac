"""`manage.py relay`: replicate every context that has a plan, until SIGTERM or SIGINT."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from migrations_tools.plans import PLANS
from migrations_tools.relay.engine import Relay
from migrations_tools.relay.sides import sides
from migrations_tools.relay.surroundings import ControlPlane


class Command(BaseCommand):
    help = "Replicate moving contexts between the monolith and their services, in whichever direction authority says."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contexts", nargs="*", choices=[*PLANS, []], help="only these contexts (default: all with a plan)")

    def handle(self, *_args: Any, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threads = [_started(context, stop) for context in options["contexts"] or PLANS]
        for thread in threads:
            thread.join()


def _started(context: str, stop: threading.Event) -> threading.Thread:
    def replicate() -> None:
        both = sides(PLANS[context])
        try:
            Relay(both, ControlPlane(both), stop).run()
        finally:
            stop.set()  # A thread that fails ends the process, so that the supervisor starts it anew.

    thread = threading.Thread(target=replicate, name=f"relay-{context}")
    thread.start()
    return thread
