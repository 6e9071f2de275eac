"""`manage.py up`: the whole platform on this machine, until Ctrl-C."""

import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chassis.callers.mutual import BadCertificate
from chassis.env import HalfConfiguredError
from chassis.supervisor import Event, NotReadyError, Report
from chassis.supervisor.console import people, programs
from migrations_tools.platform import NAMES, AlreadyRunningError, Platform, local_surroundings
from migrations_tools.platform.preparation import MigrationError

_READY_SECONDS = 15.0
_PATIENCE_SECONDS = 60.0


class Command(BaseCommand):
    """Start monolith, users service, facade, relay and worker."""

    requires_system_checks = ()  # the processes that it starts make their own
    help = "Start the monolith, the services, the facade, the relay and a worker, and keep them running until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object a line instead of prefixed logs")
        parser.add_argument("--facade-workers", type=int, default=1, metavar="N", help="processes of the facade (default: 1)")

    def handle(self, *_args: Any, **options: Any) -> None:
        report = programs(sys.stdout) if options["json"] else people(sys.stdout, ("platform", *NAMES))
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: over.set())
        try:
            self._run(Platform(local_surroundings(), facade_workers=options["facade_workers"], report=report), report, over)
        except (AlreadyRunningError, BadCertificate, HalfConfiguredError, MigrationError) as error:
            raise CommandError(str(error)) from error

    def _run(self, platform: Platform, report: Report, over: threading.Event) -> None:
        report(Event("note", "platform", text="bringing the databases up to date"))
        with platform:
            patience = _READY_SECONDS
            while not over.is_set():
                try:
                    platform.wait_ready(patience)
                    break
                except NotReadyError as error:
                    report(Event("note", "platform", text=f"{error}; still waiting"))
                    patience = _PATIENCE_SECONDS
            over.wait()
            report(Event("note", "platform", text="stopping; PostgreSQL and Valkey stay up until `manage.py down`"))
