"""A run as it might have been recorded: three minutes of it in three seconds of a seed, for tests of the report."""

import random
from collections.abc import Iterator

from migrations_tools.demo.facts import Cutover, Effort, Lag, Run, Stage
from migrations_tools.demo.mix import Mix
from migrations_tools.demo.record import Drained, Ended, Entry, Opened, Outcome
from migrations_tools.demo.schedule import arrivals

BEGAN = 1_790_000_000.0
SECONDS = 96.0
STAGES = (
    ("monolith", 0.0), ("dual_write", 7.0), ("shadow", 24.0), ("canary 10 %", 33.0), ("canary 50 %", 40.0),
    ("canary 100 %", 47.0), ("service", 55.0), ("rollback", 66.0), ("service", 78.0),
)  # fmt: skip
SWITCHES = (("to_service", 55.0, 38.0), ("to_monolith", 66.0, 44.0), ("to_service", 78.0, 31.0))
READS = ("read", "browse")


def journal(failing: int = 0) -> Iterator[Entry]:
    """The load's journal; `failing` requests of it got no answer."""
    dice, mix = random.Random(5), Mix(1)
    yield Opened(BEGAN, "r1", 120.0, 1)
    for number, offset in enumerate(arrivals(120, 1)):
        if offset > SECONDS:
            break
        operation = mix.draw().name
        write = not operation.startswith(READS)
        took = 0.004 + dice.expovariate(1 / 0.004) + (0.03 if operation in {"login", "register"} else 0.0)
        if dice.random() < 0.004:
            took += dice.random() * 0.08
        if write:
            took += _held(offset)
        outcome = Outcome.UNKNOWN if number < failing else Outcome.ACKNOWLEDGED
        yield Ended(number, BEGAN + offset, operation, f"c{number % 900}@x", outcome, 200, took, 0.0, write=write)
    yield Drained(BEGAN + SECONDS)


def run(**changed: object) -> Run:
    """What is told of it; good unless changed."""
    fields = {
        "context": "users", "source": "adventureworks", "rate": 120.0, "seed": 1, "began": BEGAN, "ended": BEGAN + 128,
        "authority": "service", "requests": 11_900, "acknowledged_writes": 5_650,
        "proof": {"lost": 0, "doubled": 0, "failed": 0, "stale": 0, "divergent": 0},
        "stages": [Stage(name, BEGAN + at) for name, at in STAGES],
        "cutovers": [Cutover(way, BEGAN + at, ms, ms + 21.4) for way, at, ms in SWITCHES],
        "lag": list(_lag()),
        "backfill": Effort(19_820, 6.4), "verify": Effort(19_902, 3.1),
        "loaded": {"customers": 19_820, "orders": 31_465},
        "machine": {"processors": "2", "memory": "24 GiB", "Python": "3.11.7", "PostgreSQL": "18.1"},
    }  # fmt: skip
    return Run(**{**fields, **changed})  # type: ignore[arg-type]


def _held(offset: float) -> float:
    """How long a write waited that fell into a hand-over."""
    return sum(at - offset for _, at, ms in SWITCHES if at - ms / 1000 <= offset <= at)


def _lag() -> Iterator[Lag]:
    dice = random.Random(6)
    for half_seconds in range(int(SECONDS * 2)):
        at = half_seconds / 2
        busy = 0.9 if 9 < at < 16 else 0.08
        yield Lag(BEGAN + at, int(4000 * busy), 0.0 if at < STAGES[1][1] else dice.random() * busy)
