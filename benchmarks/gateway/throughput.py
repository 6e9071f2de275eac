"""Answers a second that each peer gives to a closed loop, and the processor time that it takes for one."""

import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from benchmarks.gateway.clients import requests
from benchmarks.gateway.lineup import Contender
from benchmarks.gateway.load import closed_loop
from benchmarks.gateway.origin import BODIES


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of load. `unseen`: every request's header is a new one. `compressed`: every answer is."""

    body: str
    connections: int
    unseen: bool = False
    compressed: bool = False

    def __str__(self) -> str:
        more = f"{', unseen headers' if self.unseen else ''}{', compressed' if self.compressed else ''}"
        return f"{self.body} ×{self.connections}{more}"


CELLS = (Cell("small", 32), Cell("small", 256), Cell("64 KiB", 32), Cell("64 KiB", 256))
UNSEEN = Cell("small", 32, unseen=True)


@dataclass(frozen=True, slots=True)
class Sample:
    """`rate`: answers a second. `microseconds`: the peer's processor time for one. `busy`: the share of one processor that it
    used. `others`: the share of the machine that went to what this process did not start: Valkey, and whoever shares
    the machine or its host. `around`: microseconds of processor time that load and upstream took for one answer. `evenness`: what
    the least busy of several workers did of the busiest one's work.
    """

    rate: float
    microseconds: float
    busy: float
    others: float
    around: float = 0.0
    evenness: float = 1.0


def measure(cell: Cell, seconds: int) -> Callable[[Contender], Sample]:
    """How a contender is measured in this cell, for so many seconds."""

    def sample(contender: Contender) -> Sample:
        program = contender.program
        sent = requests(contender.path(cell.body), unseen=cell.unseen, compressed=cell.compressed)
        size = 0 if cell.compressed else len(BODIES[cell.body])
        machine, own, used, workers = _machine(), _own(), program.processor_seconds(), program.workers_seconds()
        load = closed_loop(contender.port, sent, cell.connections, seconds, size)
        machine, own, used = _machine() - machine, _own() - own, program.processor_seconds() - used
        return Sample(
            rate=load.rate,
            microseconds=used / load.answers * 1e6,
            busy=used / load.seconds,
            others=max(0.0, machine - own) / (load.seconds * (psutil.cpu_count() or 1)),
            around=max(0.0, own - used) / load.answers * 1e6,
            evenness=evenness([now - then for now, then in zip(program.workers_seconds(), workers, strict=True)]),
        )

    return sample


def evenness(workers: Sequence[float]) -> float:
    """The least by the greatest, of several; 1 for one alone, and where nobody did anything."""
    return min(workers) / max(workers) if len(workers) > 1 and max(workers) else 1.0


def warm(contender: Contender) -> None:
    """One second of every body, so that what is compiled, cached and opened at the first requests is not measured."""
    for body, content in BODIES.items():
        closed_loop(contender.port, requests(contender.path(body)), CELLS[0].connections, 1, len(content))


def _machine() -> float:
    """Seconds in which processors were not idle."""
    times = psutil.cpu_times()
    return float(sum(times[:8]) - times.idle - times.iowait)


def _own() -> float:
    """Processor seconds of this process, of what it started, and of what it started and has seen ending."""
    alive = [process.cpu_times() for process in (psutil.Process(), *psutil.Process().children(recursive=True))]
    gone = resource.getrusage(resource.RUSAGE_CHILDREN)
    return float(sum(times.user + times.system for times in alive)) + gone.ru_utime + gone.ru_stime
