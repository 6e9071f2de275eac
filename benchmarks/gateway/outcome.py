"""What was measured, as figures and as targets with the bounds that they must keep. Pure: it measures nothing."""

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from benchmarks.gateway.lineup import DIRECT
from benchmarks.gateway.peers import ENVOY, EXPRESS, FULL, NGINX, PLAIN
from benchmarks.gateway.rounds import ratios, spread
from benchmarks.gateway.throughput import Cell, Sample
from benchmarks.report import Target

BOUNDS = ((PLAIN, NGINX, 0.9), (PLAIN, ENVOY, 1.5), (PLAIN, EXPRESS, 6.0), (FULL, NGINX, 0.6))
"""Whose rate is at least how many times whose."""

Figures = dict[str, Any]
Cells = Mapping[Cell, Mapping[str, Sequence[Sample]]]
"""By cell and contender, one sample a round."""


def targets(cells: Cells) -> list[Target]:
    """The median of the ratios within rounds, for every cell and bound."""
    return [
        Target(f"{cell}: {ours.name} / {theirs.name}", median(_compared(samples, ours.name, theirs.name)), at_least=bound)
        for cell, samples in cells.items()
        if not cell.unseen
        for ours, theirs, bound in BOUNDS
    ]


def throughput(cells: Cells) -> Figures:
    """Of every cell: the ratios of each round, and the same by processor time, which a busy machine disturbs less; then what
    each contender did: its rate (median, least, most), its processor time for one request, the share of its processor it used.
    """
    figures: Figures = {}
    for cell, samples in cells.items():
        for ours, theirs, _ in BOUNDS:
            pair = f"{cell}: {ours.name} / {theirs.name}"
            figures[f"{pair}, by round"] = _compared(samples, ours.name, theirs.name)
            figures[f"{pair} by processor time: median, least, most"] = spread(_thrift(samples, ours.name, theirs.name))
        for name, taken in samples.items():
            figures[f"{cell}: {name}: requests/s, least, most, µs each, busy"] = [
                *spread([sample.rate for sample in taken]),
                median(sample.microseconds for sample in taken),
                median(sample.busy for sample in taken),
            ]
    others = [sample.others for samples in cells.values() for taken in samples.values() for sample in taken]
    return figures | {"share of the machine that others took: median, least, most": spread(others)}


def latency(delays: Mapping[str, Sequence[Sequence[float]]], rate: float) -> Figures:
    """p50 and p99 of the direct call, and what each peer adds to them: medians over the rounds, with the spread.

    `delays`: seconds by contender, one list a round. What is added to the p99 is the difference of two p99, taken in one round.
    """
    figures: Figures = {}
    for percent in (50, 99):
        told = {name: [_percentile(taken, percent) * 1000 for taken in rounds] for name, rounds in delays.items()}
        figures[f"direct at {rate:g} requests/s, p{percent} ms: median, least, most"] = spread(told[DIRECT])
        for name, values in told.items():
            if name != DIRECT:
                added = [mine - direct for mine, direct in zip(values, told[DIRECT], strict=True)]
                figures[f"{name} at {rate:g} requests/s, added p{percent} ms: median, least, most"] = spread(added)
    return figures


def _compared(samples: Mapping[str, Sequence[Sample]], ours: str, theirs: str) -> list[float]:
    return ratios([sample.rate for sample in samples[ours]], [sample.rate for sample in samples[theirs]])


def _thrift(samples: Mapping[str, Sequence[Sample]], ours: str, theirs: str) -> list[float]:
    return ratios([sample.microseconds for sample in samples[theirs]], [sample.microseconds for sample in samples[ours]])


def _percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]
