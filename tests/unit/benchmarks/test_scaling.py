"""A second worker is held against what the processors have room for, and told by processor time where they have none."""

import pytest

from benchmarks.gateway import scaling
from benchmarks.gateway.peers import FULL, FULL_COMPRESSING, NGINX, NGINX_COMPRESSING, PLAIN, Peer
from benchmarks.gateway.throughput import Cell, Sample, evenness

COMPRESSED, SMALL = scaling.LOADS


def _sample(rate: float, microseconds: float, around: float, even: float = 1.0) -> Sample:
    return Sample(rate, microseconds, 1.0, 0.0, around, even)


@pytest.mark.parametrize(
    ("microseconds", "around", "processors", "expected"),
    [(400, 0, 2, 2.0), (400, 100, 2, 1.6), (30, 30, 2, 1.0), (20, 80, 2, 1.0), (30, 30, 8, 2.0)],
    ids=["nothing around", "little around", "as much around", "mostly around", "many processors"],
)
def test_room_is_what_is_left_beside_the_load(microseconds: float, around: float, processors: int, expected: float) -> None:
    """On two processors a gateway that takes no more than what is around it cannot become faster by a worker."""
    assert scaling.room(_sample(1.0, microseconds, around), processors) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("cell", "peers"),
    [(COMPRESSED, (NGINX_COMPRESSING, FULL_COMPRESSING)), (SMALL, (NGINX, PLAIN, FULL))],
    ids=["compressed", "small"],
)
def test_ratios_are_taken_within_rounds(cell: Cell, peers: tuple[Peer, ...]) -> None:
    """A round in which everything was half as fast changes none; each peer, nginx too, is told in the same words."""
    one = [_sample(2_500, 400, 100), _sample(1_250, 400, 100)]
    two = [_sample(4_000, 420, 100, 0.9), _sample(2_000, 440, 100, 0.5)]
    samples = {peer.name: one for peer in peers} | {f"{peer.name}, 2 workers": two for peer in peers}
    told = scaling.figures(cell, samples, 2)
    for peer in peers:
        ratio = f"{cell}: {peer.name}, 2 workers / 1 worker"
        assert told.pop(f"{ratio}, requests/s: median, least, most") == pytest.approx([1.6, 1.6, 1.6])
        assert told.pop(f"{ratio}, requests/s that 2 processors have room for") == pytest.approx(1.6)
        assert told.pop(f"{ratio}, processor time for one: median, least, most") == pytest.approx([1.075, 1.05, 1.1])
        less = told.pop(f"{cell}: {peer.name}, the less busy of 2 workers / the busier: median, least, most")
        assert less == pytest.approx([0.7, 0.5, 0.9])
    assert told == {f"{cell}: share of the machine that others took meanwhile: median, least, most": [0, 0, 0]}


@pytest.mark.parametrize(
    ("workers", "expected"), [([3.0, 4.0], 0.75), ([0.0, 2.0], 0.0), ([5.0], 1.0), ([], 1.0)], ids=["two", "idle", "one", "none"]
)
def test_evenness_sees_a_worker_without_work(workers: list[float], expected: float) -> None:
    """What one of several did not do, the others had to."""
    assert evenness(workers) == expected
