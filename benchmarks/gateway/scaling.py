"""What a second worker adds, where load and upstream need the same processors.

Two loads. To compress 64 KiB takes a gateway ten times as long as it takes everything around it, so there the rate shows the
second worker even on two processors. To pass on a small body takes less than what is around it, so there only processor time
tells: whether an answer costs more with two workers than with one, and whether both have work. Pure: it measures nothing.

`room` is what the rate could be multiplied by at most, if workers took nothing from each other: what is measured is to be held
against that, not against 2.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.gateway.lineup import named
from benchmarks.gateway.outcome import Figures
from benchmarks.gateway.peers import FULL, FULL_COMPRESSING, NGINX, NGINX_COMPRESSING, PLAIN, Peer
from benchmarks.gateway.rounds import ratios, spread
from benchmarks.gateway.throughput import Cell, Sample

LOADS: Mapping[Cell, Sequence[Peer]] = {
    Cell("64 KiB", 32, compressed=True): (NGINX_COMPRESSING, FULL_COMPRESSING),
    Cell("small", 32): (NGINX, PLAIN, FULL),
}
"""Who is asked with one worker and with two under which load; nginx is the yardstick of both."""


def figures(cell: Cell, samples: Mapping[str, Sequence[Sample]], processors: int) -> Figures:
    """Of each peer: the rate with two workers by that with one, beside what there was room for; the same of the processor time
    for one answer; and what the less busy worker did of the busier one's work. Ratios are taken within rounds.
    """
    found: Figures = {}
    for peer in LOADS[cell]:
        one, two = samples[peer.name], samples[named(peer.name, 2)]
        told = f"{cell}: {peer.name}, 2 workers / 1 worker"
        rates = ratios([sample.rate for sample in two], [sample.rate for sample in one])
        costs = ratios([sample.microseconds for sample in two], [sample.microseconds for sample in one])
        found[f"{told}, requests/s: median, least, most"] = spread(rates)
        found[f"{told}, requests/s that {processors} processors have room for"] = median(
            room(sample, processors) for sample in one
        )
        found[f"{told}, processor time for one: median, least, most"] = spread(costs)
        found[f"{cell}: {peer.name}, the less busy of 2 workers / the busier: median, least, most"] = spread(
            [sample.evenness for sample in two]
        )
    others = spread([sample.others for taken in samples.values() for sample in taken])
    return found | {f"{cell}: share of the machine that others took meanwhile: median, least, most": others}


def room(one: Sample, processors: int) -> float:
    """The greatest ratio that a second worker can give on so many processors, by what an answer takes of them with one."""
    shared = processors / (one.microseconds + one.around)
    return min(2 / one.microseconds, shared) / min(1 / one.microseconds, shared)
