"""Each piece of the gateway's benchmark measures, at the smallest size, what it says."""

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gateway import agreement, bench, memory, outcome, scaling, tools
from benchmarks.gateway.agreement import Disagreement
from benchmarks.gateway.bench import Sizes
from benchmarks.gateway.lineup import Ground
from benchmarks.gateway.peers import ENVOY, EXPRESS, FULL, FULL_COMPRESSING, NGINX, NGINX_COMPRESSING, PLAIN, Peer
from benchmarks.gateway.throughput import UNSEEN, Cell
from benchmarks.progress import Progress
from benchmarks.report import Result
from tests.compiling import needs_compiler
from tests.integration.benchmarks.conftest import PROCESSORS
from tests.run import without_servers

TINY = Sizes(cell=1, paced=1, piece=1, rounds=1, requests=1)
NAMED = (NGINX, ENVOY, EXPRESS, PLAIN, FULL)
"""Whom a bound names."""
CELL = Cell("small", 4)
COMPRESSED, _ = scaling.LOADS


@dataclass(frozen=True)
class Found:
    """What a whole run of the smallest size gave, and what it told meanwhile."""

    result: Result
    progress: str

    def ending(self, end: str) -> dict[str, Any]:
        """The figures whose names end so."""
        return {name: value for name, value in self.result.figures.items() if name.endswith(end)}


@pytest.fixture(scope="module")
def found() -> Iterator[Found]:
    """One cell, one second, one round of everything, with the peers that bounds name."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(Sizes, "of", lambda scale: TINY)
        smaller.setattr(bench, "PEERS", NAMED)
        smaller.setattr(bench, "CELLS", (CELL,))
        smaller.setattr(scaling, "LOADS", {COMPRESSED: (NGINX_COMPRESSING, FULL_COMPRESSING)})
        yield Found(bench.run(0.001, Progress("gateway", out)), out.getvalue())


@needs_compiler
def test_a_cell_compares_everyone_that_a_bound_names(found: Found) -> None:
    """Rates and processor time of each, in turn, also for headers never seen before; bounds are held against the rates."""
    for cell in (CELL, UNSEEN):
        for name in ("direct", *(peer.name for peer in NAMED)):
            (told,) = found.ending(f"{cell}: {name}: requests/s, least, most, µs each, busy").values()
            rate, _, _, microseconds, busy = told
            assert rate > 0
            assert microseconds > 0
            assert busy > 0
        assert f"{cell}, round 1 of 1\n" in found.progress
    bounds = [target for target in found.result.targets if target.name.startswith(f"{CELL}: ")]
    assert len(bounds) == len(outcome.BOUNDS) == len(found.result.targets) - 1
    assert all(target.value > 0 for target in bounds)


@needs_compiler
def test_what_each_peer_adds_to_a_request_is_told(found: Found) -> None:
    """By the open loop: beside the call without a proxy, at both percentiles."""
    for percent in (50, 99):
        assert found.result.figures[f"direct at 500 requests/s, p{percent} ms: median, least, most"][0] > 0
        assert len(found.ending(f"at 500 requests/s, added p{percent} ms: median, least, most")) == len(NAMED)


@needs_compiler
def test_memory_is_told_piece_by_piece_and_bounded(found: Found) -> None:
    """Two pieces at least, or growth could not be seen; progress tells how many requests are answered."""
    bound = found.result.targets[-1]
    assert (bound.name, bound.at_most) == ("memory at its greatest / at the beginning", bench.FLAT)
    assert bound.value >= 1
    figures = found.result.figures
    answered, held = (figures[f"memory: {what} each piece's end"] for what in ("requests answered until", "MiB at"))
    assert len(answered) == len(held) >= 2
    assert answered == sorted(answered)
    assert min(held) > 10
    assert figures["memory: requests"] == answered[-1]
    assert figures["memory: that many hours of 500 requests/s"] == answered[-1] / memory.HOUR
    assert "memory: 0 of 1 requests\n" in found.progress


@needs_compiler
def test_a_second_worker_is_measured(found: Found) -> None:
    """Its rate beside what there is room for, its processor time, and whether both workers have work; nginx as the facade."""
    ratios = "2 workers / 1 worker,"
    for peer in (NGINX_COMPRESSING, FULL_COMPRESSING):
        told = {name: value for name, value in found.result.figures.items() if name.startswith(f"{COMPRESSED}: {peer.name}, ")}
        rate, room, cost, even = told.values()
        assert [ratios in name for name in told] == [True, True, True, False]
        assert min(rate) > 0
        assert 1 <= room <= 2
        assert min(cost) > 0
        assert 0 <= min(even) <= max(even) <= 1
    assert f"one worker and two: {COMPRESSED}, round 1 of 1\n" in found.progress


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
    """One benchmark is measured, the other lacks a compiler: progress, a table for each and for both, JSON, and exit code 2."""
    command = [sys.executable, "-m", "benchmarks", "flip", "gateway", "--scale", "0.01"]
    environment = {**without_servers(), "PATH": str(tmp_path), "BANYAN_VAR": str(tmp_path)}
    done = subprocess.run(command, check=False, cwd=tools.ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "flip:   0%, about 12 s left  databases, control and Valkey\n" in done.stderr
    assert "benchmarks gateway: the gateway's benchmark needs a C compiler: " in done.stderr
    assert done.stdout.startswith("flip, a QUICK look at scale 0.01")
    together = done.stdout[done.stdout.index("together, a QUICK look") :]
    assert "; not measured: gateway\n" in together
    assert [file.name for file in (tmp_path / "bench").iterdir()] == ["flip.json"]
