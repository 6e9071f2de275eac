"""`manage.py contexts`: where every context stands."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Table

from migrations_tools.control.lock import operator
from migrations_tools.control.standing import Standing, standing
from migrations_tools.plans import PLANS

COLUMNS = ("context", "phase", "authority", "epoch", "reads %", "shadow %", "lag s", "outbox", "parked")
WIDTH = 120
"""Of the table where no terminal says how wide it is."""


class Command(BaseCommand):
    help = "Show where every context stands: phase, authority, lag, queue, and who holds it up."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        seen = [standing(plan, who=operator()) for plan in PLANS.values()]
        if options["json"]:
            self.stdout.write(json.dumps({one.context: one.as_dict() for one in seen}, indent=2))
            return
        self.stdout.ending = ""
        width = None if self.stdout.isatty() else WIDTH
        console = Console(file=self.stdout, soft_wrap=True, width=width)  # type: ignore[arg-type]  # writes like a stream
        console.print(_table(seen))
        for one in seen:
            for sentence in _sentences(one):
                console.print(f"{one.context}: {sentence}", markup=False, highlight=False)


def _table(seen: list[Standing]) -> Table:
    table = Table(*COLUMNS)
    for one in seen:
        cells = (
            one.context, one.phase, one.authority, one.epoch, one.read_percent, one.shadow_percent,
            one.lag_seconds, one.outbox, one.parked,
        )  # fmt: skip
        table.add_row(*("–" if cell is None else str(cell) for cell in cells))
    return table


def _sentences(one: Standing) -> list[str]:
    held = [
        f"transaction of {stranger.role} in {stranger.database} (process {stranger.pid}, {stranger.application!r}) holds the"
        f" horizon back{'' if stranger.seconds is None else f' for {stranger.seconds:.0f} s'}: lag, never loss"
        for stranger in one.strangers
    ]
    parked = [
        f"parked after {letter.attempts} attempts: {letter.aggregate} {letter.key}, {letter.reason}: {letter.detail};"
        f" manage.py context verify {one.context} --repair tries it again"
        for letter in one.dead_letters
    ]
    half = [f"half a hand-over: {one.half_hand_over}"] if one.half_hand_over else []
    return [*half, *parked, *held, *one.trouble]
