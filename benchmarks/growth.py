"""How a backfill grows: its time at ten times the rows, and the memory of the processes that carry it."""

import threading
from types import TracebackType
from typing import Self

import psutil

from benchmarks.backfill import backfill
from benchmarks.platform import LOADED, START_SECONDS, Bench, begin, empty_service, platform
from benchmarks.progress import Progress
from benchmarks.report import Result, Target

ROWS = 100_000
FACTOR = 10
CARRIERS = ("relay", "users_replica")


def run(scale: float, progress: Progress) -> Result:
    """The same platform with a tenth of the customers, then with all of them."""
    rows = int(ROWS * scale)
    load, fill = rows / LOADED, rows / 10_000
    progress.expect(START_SECONDS + (1 + FACTOR) * (load + fill))
    progress.step(f"platform with {rows:,} customers", START_SECONDS + load)
    with platform() as bench:
        bench.load(rows)
        both = begin()
        progress.step(f"backfill of {rows:,}", fill)
        few_seconds, few_memory = _measured(bench, both)
        empty_service(bench.service)
        progress.step(f"load up to {rows * FACTOR:,} customers", FACTOR * load)
        bench.manage(
            "load_data", "--source", "generated", "--customers", str(rows * FACTOR), "--orders-per-customer", "0",
            "--password", "a passphrase for everybody", "--again",
        )  # fmt: skip
        bench.platform.halt("relay")
        _forget_queue(bench)
        bench.platform.resume("relay")
        bench.platform.wait_for("relay", 60)
        progress.step(f"backfill of {rows * FACTOR:,}", FACTOR * fill)
        many_seconds, many_memory = _measured(bench, both)
    return Result(
        "growth",
        (
            Target(f"backfill seconds at {FACTOR} times the rows / seconds", many_seconds / few_seconds, at_most=11),
            Target(
                "peak memory at the larger size / at the smaller",
                sum(many_memory.values()) / sum(few_memory.values()),
                at_most=1.25,
            ),
        ),
        {
            "customers, smaller": rows,
            "customers, larger": rows * FACTOR,
            "seconds, smaller": few_seconds,
            "seconds, larger": many_seconds,
            **{f"peak MiB of {name}, smaller": value for name, value in few_memory.items()},
            **{f"peak MiB of {name}, larger": value for name, value in many_memory.items()},
        },
    )


def _measured(bench: Bench, both: object) -> tuple[float, dict[str, float]]:
    with _Peaks(bench) as peaks:
        seconds = backfill(both)
    return seconds, peaks.mebibytes


def _forget_queue(bench: Bench) -> None:
    """The customers that were loaded while capture was on are to be copied by the backfill that is measured."""
    import psycopg

    with psycopg.connect(bench.monolith, autocommit=True) as connection:
        connection.execute("DELETE FROM banyan_outbox")
        connection.execute("VACUUM banyan_outbox")


class _Peaks:
    """The largest resident memory, with all children, that each carrier was seen with; looked at ten times a second."""

    def __init__(self, bench: Bench) -> None:
        self.mebibytes = dict.fromkeys(CARRIERS, 0.0)
        self._pids = bench.platform.pids()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            for name in CARRIERS:
                process = psutil.Process(self._pids[name])
                family = [process, *process.children(recursive=True)]
                used = sum(member.memory_info().rss for member in family) / 2**20
                self.mebibytes[name] = max(self.mebibytes[name], used)
