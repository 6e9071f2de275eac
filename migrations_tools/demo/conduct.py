"""The whole run: data, load, road, proof. With `prepare`, the only module that knows how the system is started."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from migrations_tools.demo.facts import Cutover, Run, Stage
from migrations_tools.demo.lag import LagSampler
from migrations_tools.demo.machine import machine
from migrations_tools.demo.operator import CommandFailed, Operator
from migrations_tools.demo.prepare import PASSWORD, Wanted, load_data
from migrations_tools.demo.progress import Progress
from migrations_tools.demo.proof import Proof
from migrations_tools.demo.record import Closed, Ended, entries
from migrations_tools.demo.timeline import scheduled, writes_between
from migrations_tools.demo.walk import Walk
from migrations_tools.demo.writers import Writers, accounts_of
from migrations_tools.platform import Platform, Surroundings

READY = 60.0
FIRST = 6.0  # seconds of traffic before the road begins


def conduct(wanted: Wanted, platform: Platform, around: Surroundings, console: Console) -> Run:
    """Load, walk and prove. A road that is barred ends the walk, not the proof; raises what prevents the load itself."""
    databases = dict(around.databases)
    run = Run(wanted.context, wanted.source, wanted.rate, wanted.seed, time.time())
    operator = Operator(wanted.context, {**os.environ, **around.environment(*databases)})
    run.loaded = load_data(wanted, operator, databases["monolith"], console)
    platform.wait_ready(READY)
    wanted.journal.unlink(missing_ok=True)
    lag = LagSampler((databases["monolith"], databases["users"]), wanted.context)
    progress = Progress(console, run, wanted.journal, lag)
    accounts = accounts_of(databases["monolith"], PASSWORD)
    writers = Writers(platform.urls["facade"], accounts, wanted.journal, "demo", wanted.rate, wanted.seed)
    with writers, _running(lag), _running(progress):
        run.stages.append(Stage("monolith", time.time()))
        time.sleep(FIRST * wanted.pace)
        _walk(Walk(operator, run, databases, progress.doing), run, wanted.pace)
        progress.doing("ending the load, and one last look through the facade")
        writers.stop()
    run.lag = lag.samples
    run.machine = machine(databases["monolith"])
    progress.doing("proving, on both databases")
    _prove(run, Proof([wanted.journal], databases["monolith"], databases["users"], wanted.context))
    _tell_of_the_load(run, wanted.journal)
    run.ended = time.time()
    return run


def _walk(walk: Walk, run: Run, pace: float) -> None:
    try:
        walk.go(pace)
    except CommandFailed as failure:
        run.barred = str(failure)


def _prove(run: Run, proof: Proof) -> None:
    mirrored = len(run.stages) > 1
    if mirrored:
        proof.settle()
    verdict = proof.verdict(compare=mirrored)
    run.authority = verdict.authority
    run.requests, run.acknowledged_writes = verdict.requests, verdict.acknowledged_writes
    run.unclear_writes = verdict.unclear_writes
    run.proof = {name: finding.count for name, finding in verdict.findings.items()}
    run.samples = {name: list(finding.samples) for name, finding in verdict.findings.items() if finding.samples}


def _tell_of_the_load(run: Run, journal: Path) -> None:
    """What only the journal knows: the slowest write of each hand-over, and what the generator itself took."""
    told = list(entries(journal))
    ended = scheduled(told)
    run.cutovers = [replace(one, slowest_write_ms=_slowest(ended, one)) for one in run.cutovers]
    for entry in told:
        if isinstance(entry, Closed):
            run.machine["load generator"] = f"{100 * entry.cpu / (entry.at - run.stages[0].started_at):.0f} % of one processor"


def _slowest(ended: list[Ended], cutover: Cutover) -> float:
    """Of the writes under way while writers were held, in milliseconds."""
    held = writes_between(ended, cutover.held_from, cutover.switched_at)
    return round(max((one.took * 1000 for one in held), default=0.0), 2)


@contextmanager
def _running(thing: LagSampler | Progress) -> Iterator[None]:
    thing.start()
    try:
        yield
    finally:
        thing.stop()
