"""What capture and fence cost the writers: transactions/s at the database and writes/s of the API, in pairs of runs with and
without them.
"""

from collections.abc import Callable, Sequence
from statistics import median

import psycopg

from benchmarks.platform import LOADED, START_SECONDS, Bench, begin, platform, users_plan
from benchmarks.progress import Progress
from benchmarks.report import Result, Target
from benchmarks.writers import CLIENTS, Api, Statements

CUSTOMERS = 20_000
PAIRS = 7
SECONDS = 6


def run(scale: float, progress: Progress) -> Result:
    """Durable commits on the captured tables; the relay rests, and the queue is emptied between runs."""
    customers, seconds = int(CUSTOMERS * scale), max(1, int(SECONDS * scale))
    start, pair = START_SECONDS + customers / LOADED, 2.0 * (seconds + 1)
    progress.expect(start + 2 * PAIRS * pair)
    progress.step(f"platform with {customers:,} customers", start)
    with platform(halted=("worker", "relay", "facade", "users")) as bench:
        bench.load(customers)
        begin()  # the fence turns writers away where no authority row says whose the context is
        with Statements(bench) as statements:
            raw = _pairs(bench, "statements", statements.rate, seconds, progress)
        api = Api(bench)
        asked = _pairs(bench, "API", api.rate, seconds, progress)
    return Result(
        "capture",
        (
            Target("transactions/s with capture / without (median of pairs)", median(_ratios(raw)), at_least=0.85),
            Target("API writes/s with capture / without (median of pairs)", median(_ratios(asked)), at_least=0.85),
        ),
        {
            "transactions/s without": median(off for _, off in raw),
            "transactions/s with": median(on for on, _ in raw),
            "transactions, ratios": _ratios(raw),
            "API writes/s without": median(off for _, off in asked),
            "API writes/s with": median(on for on, _ in asked),
            "API writes, ratios": _ratios(asked),
            "clients": CLIENTS,
        },
    )


def _pairs(bench: Bench, what: str, rate: Callable[[int], float], seconds: int, progress: Progress) -> list[tuple[float, float]]:
    """Rates over so many seconds with and without capture; every other pair begins with it."""
    found = []
    for number in range(PAIRS):
        progress.step(f"{what}, pair {number + 1} of {PAIRS}", 2.0 * (seconds + 1))
        found.append(_pair(bench, lambda: rate(seconds), on_first=bool(number % 2)))
    return found


def _pair(bench: Bench, rate: Callable[[], float], *, on_first: bool) -> tuple[float, float]:
    rates = {}
    for captured in (True, False) if on_first else (False, True):
        _switch(bench, captured=captured)
        rates[captured] = rate()
    return rates[True], rates[False]


def _switch(bench: Bench, *, captured: bool) -> None:
    from migrations_tools import capture

    with psycopg.connect(bench.monolith, autocommit=True) as connection:
        (capture.install if captured else capture.drop)(connection, users_plan())
        connection.execute("VACUUM users_user, users_address, users_preference, banyan_outbox")


def _ratios(pairs: Sequence[tuple[float, float]]) -> list[float]:
    return [on / off for on, off in pairs]
