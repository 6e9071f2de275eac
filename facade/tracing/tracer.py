"""Begins the spans of requests that are sampled, and tells upstreams of those that are not (ADR 47).

Parent-based: a caller's trace goes on, untouched where its caller does not record it. Where the caller does, it is recorded at
the ratio, like those that begin here, and beyond that only so often a second: whoever sends requests could otherwise have
everything recorded, by all services. What is beyond goes on without the flag, with another parent, as W3C Trace Context has it of
a flag that changes ("Mutating the traceparent Field").
"""

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from chassis.telemetry import spans
from facade.book import RouteBook
from facade.metrics import Gauge
from facade.request import Request
from facade.routes import Route
from facade.settings import Settings
from facade.tracing import sampling
from facade.tracing.sampling import RANDOM, SAMPLED, Allowance
from facade.tracing.spans import Place, RequestSpan
from migrations_tools.phases import Phase

if TYPE_CHECKING:
    from chassis.telemetry.export import SpanQueue

_FLUSH_SECONDS = 2.0


class Tracer:
    """`below`: a request whose caller sent no trace is sampled where the number of its own is less. `begin` is for those, and for
    all whose caller sent one.
    """

    def __init__(
        self, queue: "SpanQueue", book: RouteBook, ratio: float, allowance: Allowance, chance: random.Random | None = None
    ) -> None:
        self.below = sampling.below(ratio)
        self._ratio = ratio
        self._queue = queue
        self._book = book
        self._allowance = allowance
        self._chance = chance or random.Random(random.SystemRandom().getrandbits(64))  # noqa: S311 ids are no secrets

    def begin(self, request: Request, route: Route | None) -> None:
        """Give the request its span if it is to be sampled; its `trace` is what upstreams are told then."""
        place = self._place(request)
        if place is None:
            return
        request.trace = place.traceparent(place.span)
        target, scheme, host = request.target.decode("latin-1"), request.scheme.decode(), request.host.decode("latin-1")
        attributes = spans.served(request.method, target, scheme, host)
        attributes["banyan.request_id"] = request.request_id.decode("latin-1")
        if route is not None:
            state = self._book.feed.contexts.get(route.context)
            attributes["http.route"] = route.prefix
            attributes["banyan.context"] = route.context
            attributes["banyan.phase"] = (state.phase if state is not None else Phase.MONOLITH).value
            attributes["banyan.epoch"] = route.epoch
        prefix = route.prefix if route is not None else ""
        request.span = RequestSpan(self._queue, place, self._draw, method=request.method, route=prefix, attributes=attributes)

    def _place(self, request: Request) -> Place | None:
        """Where the request's span is in its trace; None when it is not sampled."""
        trace = request.trace
        its_trace, its_span = trace[3:35], trace[36:52]
        if not request.inbound.trace:
            return Place(its_trace, its_span, b"", SAMPLED)
        flags = int(trace[53:55], 16)
        if not flags & SAMPLED:
            return None
        if self._chance.random() < self._ratio or self._allowance.take():
            return Place(its_trace, self._draw(), its_span, SAMPLED | flags & RANDOM)
        request.trace = b"00-%b-%b-%02x" % (its_trace, self._draw(), flags & RANDOM)
        return None

    def gauges(self) -> list[Gauge]:
        """What became of the spans."""
        queue = self._queue
        return [
            ("banyan_facade_spans_exported_total", "Spans that the collector took.", lambda: queue.exported),
            ("banyan_facade_spans_failed_total", "Spans that the collector did not take.", lambda: queue.failed),
            (
                "banyan_facade_spans_dropped_total",
                "Spans dropped, since too many waited for the collector.",
                lambda: queue.dropped,
            ),
        ]

    async def close(self) -> None:
        """Export what waits, within two seconds."""
        await asyncio.to_thread(self._queue.close, _FLUSH_SECONDS)

    def _draw(self) -> bytes:
        return b"%016x" % (self._chance.getrandbits(64) | 1)


def started(settings: Settings, book: RouteBook, clock: Callable[[], float]) -> Tracer | None:
    """The tracer of this process, to be made after the last fork; None without a collector: then nobody records, and not even the
    libraries are loaded.
    """
    if not settings.collector:
        return None
    from chassis.telemetry.export import SpanQueue

    allowance = Allowance(settings.trace_asked, clock)
    return Tracer(SpanQueue("facade", settings.collector), book, settings.trace_ratio, allowance)
