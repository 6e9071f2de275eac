"""Backfill and verify against a raw binary COPY pipe, and against a loop of LIMIT/OFFSET pages with one POST a row."""

import time
from statistics import median
from typing import Any

from benchmarks.peers import naive_loop, raw_copy
from benchmarks.platform import LOADED, START_SECONDS, begin, empty_service, platform, users_plan
from benchmarks.progress import Progress
from benchmarks.report import Result, Target

ROWS = 200_000
RUNS = 3
NAIVE_SAMPLE = 3_000


def run(scale: float, progress: Progress) -> Result:
    """The same rows between the same databases each time, copied in turn by the pipe and by the backfill."""
    rows = int(ROWS * scale)
    load, pipe, fill, check, naive_seconds = START_SECONDS + rows / LOADED, rows / 26_000, rows / 11_000, rows / 16_000, 25.0
    progress.expect(load + RUNS * (pipe + fill) + check + naive_seconds)
    progress.step(f"platform with {rows:,} customers", load)
    with platform() as bench:
        bench.load(rows)
        pipes, fills = [], []
        both = begin()
        for number in range(1, RUNS + 1):
            empty_service(bench.service)
            progress.step(f"run {number} of {RUNS}: raw COPY pipe", pipe)
            pipes.append(raw_copy(bench.monolith, bench.service))
            empty_service(bench.service)
            progress.step(f"run {number} of {RUNS}: backfill", fill)
            fills.append(backfill(both))
        progress.step("verify", check)
        compared = verify(both)
        empty_service(bench.service)
        bench.platform.halt("relay")
        progress.step(f"naive loop, {NAIVE_SAMPLE:,} rows of it", naive_seconds)
        naive, posted = naive_loop(both, rows, page=100, sample=NAIVE_SAMPLE)
    fill = median(fills)
    return Result(
        "backfill",
        (
            Target("raw COPY pipe seconds / backfill seconds (median of pairs)", _paired(pipes, fills), at_least=0.30),
            Target("naive loop seconds / backfill seconds", naive / fill, at_least=25),
        ),
        {
            "customers": rows,
            "backfill customers/s": rows / fill,
            "raw COPY pipe customers/s": rows / median(pipes),
            "verify customers/s": rows / compared,
            "verify seconds / backfill seconds": compared / fill,
            "naive loop seconds, from a sample": naive,
            "naive loop rows posted": posted,
            "backfill seconds of each run": fills,
            "raw COPY pipe seconds of each run": pipes,
        },
    )


def backfill(both: Any) -> float:
    """Seconds from the first identity queued to the last one applied."""
    from migrations_tools import backfill

    return backfill.run(users_plan(), both.monolith, report=lambda _progress: None, restart=True).seconds


def verify(both: Any) -> float:
    """Seconds of a comparison, which must be clean: a fast copy of something else would be no copy."""
    from migrations_tools.phases import Direction
    from migrations_tools.verify.pair import pair
    from migrations_tools.verify.run import run as compare

    started = time.monotonic()
    record = compare(users_plan(), pair(both, Direction.TO_SERVICE), 1, resume=False)
    assert record.outcome == "clean", record.reason
    return time.monotonic() - started


def _paired(pipes: list[float], fills: list[float]) -> float:
    return median(pipe / fill for pipe, fill in zip(pipes, fills, strict=True))
