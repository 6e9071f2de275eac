"""What capture and fence cost the writers: transactions a second of pgbench with and without them, in pairs of runs."""

import re
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.platform import Bench, platform, users_plan
from benchmarks.report import Result, Target
from chassis import env
from chassis.embedded import home

CUSTOMERS = 20_000
PAIRS = 7
SECONDS = 6
CLIENTS = 8
SCRIPT = """\\set key random(1000001, 1000000 + {customers})
BEGIN;
UPDATE users_user SET nickname = 'n' || :key, modified = clock_timestamp() WHERE id = :key;
INSERT INTO users_preference (user_id, name, value) VALUES (:key, 'bench', '1')
    ON CONFLICT (user_id, name) DO UPDATE SET value = '2';
COMMIT;
"""


def run(scale: float) -> Result:
    """Durable commits of two statements on two captured tables; the relay rests, and the queue is emptied between runs."""
    customers, seconds = int(CUSTOMERS * scale), max(1, int(SECONDS * scale))
    with (
        platform(halted=("worker", "relay", "facade", "users")) as bench,
        tempfile.NamedTemporaryFile("w", suffix=".sql") as script,
    ):
        bench.load(customers)
        script.write(SCRIPT.format(customers=customers))
        script.flush()
        pairs = [_pair(bench, Path(script.name), seconds, on_first=number % 2 == 0) for number in range(PAIRS)]
    ratios = [on / off for on, off in pairs]
    return Result(
        "capture",
        (Target("writes/s with capture / without (median of pairs)", median(ratios), at_least=0.85),),
        {
            "transactions/s without": median(off for _, off in pairs),
            "transactions/s with": median(on for on, _ in pairs),
            "clients": CLIENTS,
            "ratios": [round(ratio, 3) for ratio in ratios],
        },
    )


def _pair(bench: Bench, script: Path, seconds: int, *, on_first: bool) -> tuple[float, float]:
    rates = {
        captured: _rate(bench, script, seconds, captured=captured) for captured in ((True, False) if on_first else (False, True))
    }
    return rates[True], rates[False]


def _rate(bench: Bench, script: Path, seconds: int, *, captured: bool) -> float:
    from migrations_tools import capture

    with psycopg.connect(bench.monolith, autocommit=True) as connection:
        (capture.install if captured else capture.drop)(connection, users_plan())
        connection.execute("VACUUM users_user, users_preference, banyan_outbox")
    pgbench = home.locate(env.var_dir() / "postgres").program("pgbench")
    options = {"--client": str(CLIENTS), "--jobs": "1", "--time": str(seconds), "--protocol": "prepared", "--file": str(script)}
    url = bench.monolith.replace("postgres://", "postgresql://")
    command = [pgbench, "--no-vacuum", *(word for option in options.items() for word in option), url]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([\d.]+)", told)
    assert found, told
    return float(found[1])
