"""`manage.py demo`: a context moves out and back under live load, with proof that nothing was lost.

It runs in a process and on servers of its own (`python -m migrations_tools.demo`), so that it never touches the data of this
checkout's platform.
"""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from migrations_tools.demo.options import add_options

ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    help = "Move a context out, back and out again under live load, and prove that nothing was lost."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        running = subprocess.Popen([sys.executable, "-m", "migrations_tools.demo", *_words(options)], cwd=ROOT)
        while running.returncode is None:
            with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C reaches the child too, which tidies up first
                running.wait()
        sys.exit(running.returncode)


def _words(options: dict[str, Any]) -> list[str]:
    if options["json"] not in (None, "-"):
        options = {**options, "json": Path(options["json"]).absolute()}
    named = ("context", "source", "customers", "rate", "seed", "pace", "json")
    words = [f"--{name}={options[name]}" for name in named if options[name] is not None]
    return [*words, *(["--keep"] if options["keep"] else [])]
