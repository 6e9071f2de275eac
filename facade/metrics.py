"""What the facade counts. Cheap where requests pass: two dictionary look-ups and a search.

Labels are contexts, sides, status classes and events, all from fixed sets; it refuses anything that a caller chose.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from facade.exposition import Across, Family, Series, labels

BOUNDS: Final[tuple[float, ...]] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

_ACROSS: Final = {
    "banyan_facade_policies_refused": Across.LARGEST,
    "banyan_facade_panic": Across.LARGEST,
    "banyan_facade_upstream_connections": Across.SUM,
    "banyan_facade_requests_in_flight": Across.SUM,
    "banyan_facade_concurrency": Across.SUM,
    "banyan_facade_concurrency_limit": Across.SUM,
    "banyan_facade_waiting": Across.SUM,
    "banyan_facade_breakers_open": Across.SUM,
    "banyan_facade_breaker": Across.SUM,
    "banyan_facade_cache_answers": Across.SUM,
    "banyan_facade_cache_bytes": Across.SUM,
}
"""Gauges that are told of all workers together. Counters are added up in any case."""

Gauge = tuple[str, str, Callable[[], float | Mapping[str, float]]]
"""A name, an explanation, and what gives the number, or the numbers by their labels as they are written. A name that ends in
`_total` is a counter's.
"""


class _Series:
    __slots__ = ("buckets", "classes", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.classes = [0] * 6
        self.seconds = 0.0


class Metrics:
    """All counts of this process. `events` are counted by (context, event). `gauges` are looked up when they are asked for."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], _Series] = {}
        self.events: Counter[tuple[str, str]] = Counter()
        self.gauges: list[Gauge] = []

    def observe(self, context: str, side: str, status: int, seconds: float) -> None:
        """One answered request; `side` is "facade" where the answer was its own."""
        series = self._series.get((context, side))
        if series is None:
            series = self._series.setdefault((context, side), _Series())
        series.classes[min(status // 100, 5)] += 1
        series.buckets[bisect_left(BOUNDS, seconds)] += 1
        series.seconds += seconds

    def event(self, context: str, event: str) -> None:
        self.events[context, event] += 1

    def families(self) -> list[Family]:
        """Everything, as it is now."""
        return [self._requests(), self._seconds(), self._events(), *map(_looked_up, self.gauges)]

    def _requests(self) -> Family:
        samples = {
            ("", labels(context=context, side=side, **{"class": f"{number}xx"})): float(count)
            for (context, side), series in self._series.items()
            for number, count in enumerate(series.classes)
            if count
        }
        explanation = "Answered requests by context, side that answered and status class."
        return Family("banyan_facade_requests_total", "counter", explanation, Across.SUM, samples)

    def _seconds(self) -> Family:
        samples: dict[Series, float] = {}
        for (context, side), series in self._series.items():
            whose = labels(context=context, side=side)
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), series.buckets, strict=True):
                total += count
                samples["_bucket", f'{whose},le="{bound}"'] = total
            samples["_sum", whose] = series.seconds
            samples["_count", whose] = total
        explanation = "From the request's head to the end of its answer."
        return Family("banyan_facade_request_seconds", "histogram", explanation, Across.SUM, samples)

    def _events(self) -> Family:
        samples = {("", labels(context=context, event=event)): float(count) for (context, event), count in self.events.items()}
        return Family("banyan_facade_events_total", "counter", "What happened on the way to answers.", Across.SUM, samples)


def _looked_up(gauge: Gauge) -> Family:
    name, explanation, look = gauge
    found = look()
    numbers = found if isinstance(found, Mapping) else {"": found}
    samples = {("", written): float(number) for written, number in numbers.items()}
    if name.endswith("_total"):
        return Family(name, "counter", explanation, Across.SUM, samples)
    return Family(name, "gauge", explanation, _ACROSS.get(name, Across.EACH), samples)
