"""How long writers are held at a hand-over, over many of them in both directions, with mixed traffic through the facade."""

import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.backfill import backfill
from benchmarks.platform import LOADED, PASSWORD, START_SECONDS, begin, platform, users_plan
from benchmarks.progress import Progress
from benchmarks.report import Result, Target

if TYPE_CHECKING:
    from migrations_tools.relay.sides import Sides

CUSTOMERS = 20_000
HAND_OVERS = 20
RATE = 120.0
BETWEEN = 2.0


def run(scale: float, progress: Progress) -> Result:
    """Performed by the same code as `manage.py context cutover`, with its gates met beforehand."""
    from migrations_tools.demo.writers import Writers, accounts_of

    customers, count = int(CUSTOMERS * scale), max(2, int(HAND_OVERS * scale))
    start = START_SECONDS + customers / LOADED + customers / 10_000
    progress.expect(start + count * (BETWEEN + 0.5))
    progress.step(f"platform with {customers:,} customers, backfilled", start)
    with platform(halted=()) as bench, tempfile.TemporaryDirectory() as folder:
        bench.load(customers)
        both = begin()
        backfill(both)
        journal = Path(folder) / "load.ndjson"
        accounts = accounts_of(bench.monolith, PASSWORD)
        with Writers(bench.platform.urls["facade"], accounts, journal, "bench", RATE):
            time.sleep(3)
            pauses, windows = _hand_overs(both, count, progress)
        slowest = _slowest_writes(journal, windows)
        failed = _failed(journal)
    centiles = quantiles(pauses, n=100, method="inclusive")
    return Result(
        "pause",
        (
            Target("longest pause of the writers, ms / 250 ms", max(pauses) / 250, at_most=1.0),
            Target("requests failed", float(failed), at_most=0),
        ),
        {
            "hand-overs": len(pauses),
            "requests/s": RATE,
            "pause p50 ms": median(pauses),
            "pause p99 ms": centiles[98],
            "pause max ms": max(pauses),
            "slowest write around a hand-over, p50 ms": median(slowest),
            "slowest write around a hand-over, max ms": max(slowest),
            "pauses ms": [round(pause, 1) for pause in pauses],
        },
    )


def _hand_overs(both: "Sides", count: int, progress: Progress) -> tuple[list[float], list[tuple[float, float]]]:
    from migrations_tools.cutover import perform
    from migrations_tools.phases import Direction

    pauses, windows = [], []
    for number in range(count):
        progress.step(f"hand-over {number + 1} of {count}", BETWEEN + 0.5)
        began = time.time()
        direction = (Direction.TO_SERVICE, Direction.TO_MONOLITH)[number % 2]
        pauses.append(perform(users_plan(), both, direction, who="bench").pause_ms)
        windows.append((began, time.time()))
        time.sleep(BETWEEN)
    return pauses, windows


def _slowest_writes(journal: Path, windows: list[tuple[float, float]]) -> list[float]:
    from migrations_tools.demo.record import entries
    from migrations_tools.demo.timeline import scheduled, writes_between

    ended = scheduled(list(entries(journal)))
    return [max((write.took * 1000 for write in writes_between(ended, *window)), default=0.0) for window in windows]


def _failed(journal: Path) -> int:
    from migrations_tools.demo.record import Ended, entries

    return sum(isinstance(entry, Ended) and entry.failed for entry in entries(journal))
