"""Each piece of the gateway's benchmark measures, at the smallest size, what it says."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gateway import agreement, bench, memory, outcome, scaling, tools
from benchmarks.gateway.agreement import Disagreement
from benchmarks.gateway.bench import Sizes
from benchmarks.gateway.clients import requests
from benchmarks.gateway.lineup import Ground
from benchmarks.gateway.paced import latencies
from benchmarks.gateway.peers import ENVOY, EXPRESS, FULL, FULL_COMPRESSING, NGINX, NGINX_COMPRESSING, PLAIN, Peer
from benchmarks.gateway.rounds import interleaved
from benchmarks.gateway.seats import Seats
from benchmarks.gateway.throughput import Cell, measure
from benchmarks.progress import Progress
from tests.integration.benchmarks.conftest import PROCESSORS, needs_wrk

TINY = Sizes(cell=1, paced=1, piece=1, rounds=1, requests=1)
COMPRESSED, SMALL = scaling.LOADS


@needs_wrk
def test_a_cell_compares_everyone_that_a_bound_names(ground: Ground) -> None:
    """Rates and processor time of each, at once; the bounds are held against them."""
    cell = Cell("small", 4)
    with ground.running((NGINX, ENVOY, EXPRESS, PLAIN, FULL), PROCESSORS) as peers:
        cells = {cell: interleaved(peers, TINY.rounds, measure(cell, TINY.cell))}
    samples = [sample for taken in cells[cell].values() for sample in taken]
    assert all(sample.rate > 0 and sample.microseconds > 0 and sample.around > 0 for sample in samples)
    assert all(sample.busy > 0 and 0 <= sample.others <= 1 for sample in samples)
    assert len(outcome.targets(cells)) == len(outcome.BOUNDS)
    assert all(target.value > 0 for target in outcome.targets(cells))
    assert outcome.throughput(cells)


def test_the_open_loop_waits_for_every_answer(ground: Ground) -> None:
    """As many latencies as requests were due, of the upstream and through a peer."""
    with ground.running((PLAIN,), PROCESSORS) as (facade,):
        for asked in (ground.direct, facade):
            taken = latencies(asked.port, requests(asked.path("small")), 100.0, 1.0)
            assert len(taken) == 100
            assert min(taken) > 0


@needs_wrk
def test_memory_is_told_piece_by_piece_and_bounded(ground: Ground) -> None:
    """Two pieces at least, or growth could not be seen; progress tells how many requests are answered."""
    out = io.StringIO()
    bound, told = bench.growth(ground, Seats(PROCESSORS, PROCESSORS), TINY, Progress("gateway", out))
    assert bound.at_most == bench.FLAT
    assert bound.value >= 1
    answered, held = (told[f"memory: {what} each piece's end"] for what in ("requests answered until", "MiB at"))
    assert len(answered) == len(held) >= 2
    assert answered == sorted(answered)
    assert min(held) > 10
    assert "memory: 0 of 1 requests\n" in out.getvalue()
    assert told["memory: requests"] == answered[-1]
    assert told["memory: that many hours of 500 requests/s"] == answered[-1] / memory.HOUR


@needs_wrk
def test_a_second_worker_is_measured_under_both_loads(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rate beside what there is room for, its processor time, and whether both workers have work; nginx as the facade."""
    monkeypatch.setattr(scaling, "LOADS", {COMPRESSED: (NGINX_COMPRESSING, FULL_COMPRESSING), SMALL: (PLAIN,)})
    out = io.StringIO()
    told = bench.second_worker(ground, Seats(PROCESSORS, PROCESSORS), TINY, Progress("gateway", out))
    rates = [value for name, value in told.items() if name.endswith("requests/s: median, least, most")]
    room = [value for name, value in told.items() if name.endswith("have room for")]
    evenness = [value for name, value in told.items() if "less busy" in name]
    assert len(rates) == len(room) == len(evenness) == 3
    assert all(least > 0 for _, least, _ in rates)
    assert all(1 <= most <= 2 for most in room)
    assert all(0 <= least <= most <= 1 for _, least, most in evenness)
    assert f"one worker and two: {COMPRESSED}, round 1 of 1\n" in out.getvalue()


@pytest.mark.parametrize("peer", [NGINX_COMPRESSING, FULL_COMPRESSING], ids=lambda peer: peer.name)
def test_who_compresses_compresses_the_upstreams_answer(ground: Ground, peer: Peer) -> None:
    """For those who accept gzip, and for nobody else."""
    with ground.running((peer,), PROCESSORS) as (contender,):
        agreement.check_compressing(contender, ground.origin)
        agreement.check(contender, ground.origin)


def test_who_does_not_compress_is_refused(ground: Ground) -> None:
    """The load in which compressing is the work is not measured without it."""
    with ground.running((NGINX,), PROCESSORS) as (nginx,), pytest.raises(Disagreement, match="not compressed"):
        agreement.check_compressing(nginx, ground.origin)


def test_the_command_tells_what_it_measured_and_what_it_could_not(tmp_path: Path) -> None:
    """One benchmark is measured, the other lacks wrk: progress, a table for each and for both, JSON, and exit code 2."""
    command = [sys.executable, "-m", "benchmarks", "flip", "gateway", "--scale", "0.01"]
    environment = {**os.environ, "PATH": str(tmp_path), "BANYAN_VAR": str(tmp_path)}
    done = subprocess.run(command, check=False, cwd=tools.ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "flip:   0%  flip 1 of 5\n" in done.stderr
    assert "benchmarks gateway: the gateway's benchmark needs wrk: " in done.stderr
    assert done.stdout.startswith("flip, a QUICK look at scale 0.01")
    together = done.stdout[done.stdout.index("together, a QUICK look") :]
    assert "; not measured: gateway\n" in together
    assert [file.name for file in (tmp_path / "bench").iterdir()] == ["flip.json"]
