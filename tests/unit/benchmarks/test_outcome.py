"""Figures say what was measured: ratios within rounds, and bounds that can be missed."""

import pytest

from benchmarks.gateway import outcome
from benchmarks.gateway.peers import ENVOY, EXPRESS, FULL, NGINX, PLAIN
from benchmarks.gateway.throughput import Cell, Sample

CELL = Cell("small", 32)
UNSEEN = Cell("small", 32, unseen=True)
RATES = {
    "direct": (30_000.0, 15_000.0, 30_000.0),
    NGINX.name: (10_000.0, 5_000.0, 10_000.0),
    ENVOY.name: (5_000.0, 2_500.0, 5_000.0),
    EXPRESS.name: (1_000.0, 500.0, 1_000.0),
    PLAIN.name: (9_000.0, 4_500.0, 9_500.0),
    FULL.name: (5_000.0, 2_500.0, 5_500.0),
}


def cells(cell: Cell = CELL) -> outcome.Cells:
    """Three rounds, the second of which was disturbed."""
    return {cell: {name: [Sample(rate, 1e6 / rate, 1.0, 0.1) for rate in rates] for name, rates in RATES.items()}}


def test_a_round_that_was_disturbed_for_everyone_changes_no_ratio() -> None:
    """The median of the rounds' ratios is what a bound is held against."""
    found = {target.name: target for target in outcome.targets(cells())}
    assert found["small ×32: facade plain / nginx"].value == pytest.approx(0.9)
    assert found["small ×32: facade plain / Envoy"].value == pytest.approx(1.8)
    assert found["small ×32: facade plain / Express"].value == pytest.approx(9.0)
    assert found["small ×32: facade full / nginx"].value == pytest.approx(0.5)


def test_the_bounds_can_be_missed() -> None:
    """The full pipeline at half of nginx is not enough; the rest is."""
    assert {target.name for target in outcome.targets(cells()) if not target.met} == {"small ×32: facade full / nginx"}


def test_unseen_headers_are_told_without_a_bound() -> None:
    """What the bounds speak of is not mixed with what is told beside it."""
    assert not outcome.targets(cells(UNSEEN))
    told = outcome.throughput(cells(UNSEEN))
    assert told["small ×32, unseen headers: facade plain / nginx, by round"] == pytest.approx([0.9, 0.9, 0.95])


def test_every_round_is_told() -> None:
    """A reader sees how far the rounds lie apart, and what each contender did."""
    told = outcome.throughput(cells())
    assert told["small ×32: facade full / nginx, by round"] == pytest.approx([0.5, 0.5, 0.55])
    assert told["small ×32: facade full / nginx by processor time: median, least, most"] == pytest.approx([0.5, 0.5, 0.55])
    nginx = next(value for name, value in told.items() if name.startswith("small ×32: nginx:"))
    assert nginx == pytest.approx([10_000, 5_000, 10_000, 100, 1.0])
    assert told["share of the machine that others took: median, least, most"] == pytest.approx([0.1] * 3)


def test_added_latency_is_taken_within_rounds() -> None:
    """What a slow round adds to everybody is not the peer's."""
    quick, slow = [0.001] * 200, [0.011] * 200
    delays = {"direct": [quick, slow, quick], "nginx": [[0.002] * 200, [0.012] * 200, [0.004] * 200]}
    told = outcome.latency(delays, 500)
    assert told["direct at 500 requests/s, p99 ms: median, least, most"] == pytest.approx([1, 1, 11])
    assert told["nginx at 500 requests/s, added p50 ms: median, least, most"] == pytest.approx([1, 1, 3])


def test_the_percentiles_are_those_of_the_slow_requests() -> None:
    """Two slow requests in a hundred are seen by the p99, and not by the p50."""
    delays = {"direct": [[0.001] * 100], "nginx": [[0.001] * 98 + [0.101] * 2]}
    told = outcome.latency(delays, 500)
    assert told["nginx at 500 requests/s, added p50 ms: median, least, most"] == pytest.approx([0] * 3)
    assert told["nginx at 500 requests/s, added p99 ms: median, least, most"][0] > 50
