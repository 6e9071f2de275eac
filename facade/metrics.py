"""What the facade counts, in Prometheus' text format. Cheap where requests pass: two dictionary look-ups and a search.

Labels are contexts, sides, status classes and events, all from fixed sets; it refuses anything that a caller chose.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

_HELP = {
    "banyan_facade_requests_total": ("counter", "Answered requests by context, side that answered and status class."),
    "banyan_facade_request_seconds": ("histogram", "From the request's head to the end of its answer."),
    "banyan_facade_events_total": ("counter", "What happened on the way to answers."),
}

Gauge = tuple[str, str, Callable[[], float | Mapping[str, float]]]
"""A name, what it is, and how it is looked up: one number, or several by their labels."""


class _Series:
    __slots__ = ("buckets", "classes", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.classes = [0] * 6
        self.seconds = 0.0


class Metrics:
    """All counts of this process. `events` are counted by (context, event)."""

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

    def text(self) -> bytes:
        """Everything, for a scrape."""
        return "\n".join([*self._requests(), *self._seconds(), *self._events(), *self._gauges(), ""]).encode()

    def _requests(self) -> Iterator[str]:
        name = "banyan_facade_requests_total"
        yield from _heading(name)
        for (context, side), series in self._series.items():
            for number, count in enumerate(series.classes):
                if count:
                    yield f'{name}{{context="{context}",side="{side}",class="{number}xx"}} {count}'

    def _seconds(self) -> Iterator[str]:
        name = "banyan_facade_request_seconds"
        yield from _heading(name)
        for (context, side), series in self._series.items():
            labels = f'context="{context}",side="{side}"'
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), series.buckets, strict=True):
                total += count
                yield f'{name}_bucket{{{labels},le="{bound}"}} {total}'
            yield f"{name}_sum{{{labels}}} {series.seconds:.6f}"
            yield f"{name}_count{{{labels}}} {total}"

    def _events(self) -> Iterator[str]:
        name = "banyan_facade_events_total"
        yield from _heading(name)
        for (context, event), count in self.events.items():
            yield f'{name}{{context="{context}",event="{event}"}} {count}'

    def _gauges(self) -> Iterator[str]:
        for name, explanation, value in self.gauges:
            yield f"# HELP {name} {explanation}"
            yield f"# TYPE {name} gauge"
            found = value()
            if isinstance(found, Mapping):
                yield from (f"{name}{{{labels}}} {one:g}" for labels, one in found.items())
            else:
                yield f"{name} {found:g}"


def _heading(name: str) -> Iterator[str]:
    kind, explanation = _HELP[name]
    yield f"# HELP {name} {explanation}"
    yield f"# TYPE {name} {kind}"
