"""The whole run: platform, data, load, road, proof. Only this module starts a system; the others are told where it is."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from rich.console import Console

from chassis import env
from chassis.embedded.installed import stop
from chassis.supervisor.console import programs
from migrations_tools.demo.facts import Run, Stage
from migrations_tools.demo.lag import LagSampler
from migrations_tools.demo.machine import machine
from migrations_tools.demo.operator import Operator
from migrations_tools.demo.progress import Progress
from migrations_tools.demo.proof import Proof
from migrations_tools.demo.record import Closed, entries
from migrations_tools.demo.timeline import scheduled, writes_between
from migrations_tools.demo.walk import Walk
from migrations_tools.demo.writers import Writers, accounts_of
from migrations_tools.platform import Platform, Surroundings, local_surroundings
from migrations_tools.platform.stopping import stop_platform

PASSWORD = "a passphrase for everybody"  # noqa: S105 - of customers who exist in the demonstration only
READY = 60.0
FIRST = 6.0  # seconds of traffic before the road begins


class NotFresh(RuntimeError):
    """The databases that the environment names hold customers already; the demonstration wants some of its own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `folder`: where the run's files go; its `platform` folder is made anew."""

    context: str
    source: str
    customers: int
    rate: float
    seed: int
    folder: Path

    @property
    def journal(self) -> Path:
        return self.folder / "load.ndjson"


@contextmanager
def fresh_platform(wanted: Wanted, console: Console) -> Iterator[tuple[Platform, Surroundings]]:
    """A platform on new embedded servers, which go with it; or on the databases of the environment, if those are empty."""
    var = wanted.folder / "platform"
    os.environ["BANYAN_VAR"] = str(var)
    stop_platform(env.platform_record())
    stop(var)
    shutil.rmtree(var, ignore_errors=True)
    console.print("  starting PostgreSQL, Valkey and the platform")
    around = local_surroundings()
    try:
        with (
            (wanted.folder / "platform.log").open("w", encoding="utf-8") as log,
            Platform(around, report=programs(log)) as platform,
        ):
            yield platform, around
    finally:
        stop(var)


def conduct(wanted: Wanted, platform: Platform, around: Surroundings, console: Console) -> Run:
    """Load, walk and prove; the platform is started but need not be ready. Raises what bars the way, with nothing proven."""
    databases = dict(around.databases)
    run = Run(wanted.context, wanted.source, wanted.rate, wanted.seed, time.time())
    operator = Operator(wanted.context, {**os.environ, **around.environment(*databases)})
    run.loaded = _load(wanted, operator, databases["monolith"], console)
    platform.wait_ready(READY)
    wanted.journal.unlink(missing_ok=True)
    lag = LagSampler((databases["monolith"], databases["users"]), wanted.context)
    progress = Progress(console, run, wanted.journal, lag)
    writers = Writers(
        platform.urls["facade"], accounts_of(databases["monolith"], PASSWORD), wanted.journal, "demo", wanted.rate, wanted.seed
    )
    with writers, _running(lag), _running(progress):
        run.stages.append(Stage("monolith", time.time()))
        time.sleep(FIRST)
        Walk(operator, run, databases, progress.doing).go()
        progress.doing("ending the load, and one last look through the facade")
        writers.stop()
    run.lag = lag.samples
    _prove(run, wanted, databases, console)
    run.machine = machine(databases["monolith"])
    _tell_of_the_load(run, wanted.journal)
    run.ended = time.time()
    return run


def _load(wanted: Wanted, operator: Operator, monolith: str, console: Console) -> dict[str, int]:
    with psycopg.connect(monolith) as connection:
        if connection.execute("SELECT EXISTS (SELECT FROM users_user)").fetchone() == (True,):
            raise NotFresh(NotFresh.__doc__)
    console.print(f"  loading {wanted.source} data")
    size = ("--customers", str(wanted.customers)) if wanted.source == "generated" else ()
    operator.manage("load_data", "--source", wanted.source, "--password", PASSWORD, "--json", *size)
    counted = {"customers": "users_user", "addresses": "users_address", "orders": "orders_order"}
    with psycopg.connect(monolith) as connection:
        rows = {name: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for name, table in counted.items()}
    return {name: row[0] if row else 0 for name, row in rows.items()}


def _prove(run: Run, wanted: Wanted, databases: dict[str, str], console: Console) -> None:
    console.print("  proving, on both databases")
    proof = Proof([wanted.journal], databases["monolith"], databases["users"], wanted.context)
    proof.settle()
    verdict = proof.verdict()
    run.authority = verdict.authority
    run.requests, run.acknowledged_writes = verdict.requests, verdict.acknowledged_writes
    run.unclear_writes = verdict.unclear_writes
    run.proof = {name: finding.count for name, finding in verdict.findings.items()}
    run.samples = {name: list(finding.samples) for name, finding in verdict.findings.items() if finding.samples}


def _tell_of_the_load(run: Run, journal: Path) -> None:
    """What only the journal knows: the slowest write of each hand-over, and what the generator itself took."""
    told = list(entries(journal))
    ended = scheduled(told)
    run.cutovers = [
        replace(
            one, slowest_write_ms=max((w.took * 1000 for w in writes_between(ended, one.held_from, one.switched_at)), default=0.0)
        )
        for one in run.cutovers
    ]
    for entry in told:
        if isinstance(entry, Closed):
            run.machine["load generator"] = f"{100 * entry.cpu / (entry.at - run.stages[0].started_at):.0f} % of one processor"


@contextmanager
def _running(thing: LagSampler | Progress) -> Iterator[None]:
    thing.start()
    try:
        yield
    finally:
        thing.stop()


def write(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
