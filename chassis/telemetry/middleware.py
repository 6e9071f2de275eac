"""The outermost middleware: gives each request its trace, and tells of each answer once: in the log, in the metrics, and as a
span where its trace is sampled and a collector is named.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from chassis.telemetry import metrics, spans
from chassis.telemetry.process import spans_of
from chassis.telemetry.spans import Clock, Kind, Sink, Span
from chassis.telemetry.trace import Trace, begin, current

log = logging.getLogger("banyan.request")

#: Asked every few seconds by machines; not worth a line each.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class TelemetryMiddleware:
    """`sink`: where spans go, for tests; else the process's own queue, if it has one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase], sink: Sink | None = None) -> None:
        self.get_response = get_response
        self._sink = sink or spans_of(settings.BANYAN_CALLER_AUDIENCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sink = self._sink
        trace = begin(request.headers.get("X-Request-ID"), request.headers.get("traceparent"), records=sink is not None)
        token = current.set(trace)
        try:
            return self._answer(request, trace) if sink is None or not trace.parent else self._recorded(request, trace, sink)
        finally:
            current.reset(token)

    def _recorded(self, request: HttpRequest, trace: Trace, sink: Sink) -> HttpResponseBase:
        clock, status = Clock(), 500
        began = clock.now()
        try:
            response = self._answer(request, trace)
            status = response.status_code
            return response
        finally:
            sink.put(_span(request, trace, status, began, clock.now()))

    def _answer(self, request: HttpRequest, trace: Trace) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = trace.request_id
        _tell(request, response.status_code, time.perf_counter() - started)
        return response


def _span(request: HttpRequest, trace: Trace, status: int, began: int, ended: int) -> Span:
    match, method = request.resolver_match, request.method or ""
    route = f"/{match.route}" if match else ""
    attributes = spans.served(method, request.path, request.scheme or "http", request.META.get("HTTP_HOST", ""))
    attributes |= {
        "http.response.status_code": status,
        "banyan.side": settings.BANYAN_SIDE,
        "banyan.request_id": trace.request_id,
    }
    if route:
        attributes["http.route"] = route
    if status >= 500:
        attributes["error.type"] = str(status)
    return Span(
        name=spans.name(method, route),
        kind=Kind.SERVER,
        trace_id=int(trace.trace_id, 16),
        span_id=int(trace.span_id, 16),
        parent_id=int(trace.parent, 16),
        remote=True,
        started=began,
        ended=ended,
        attributes=attributes,
        failed=status >= 500,
    )


def _tell(request: HttpRequest, status: int, seconds: float) -> None:
    match = request.resolver_match
    metrics.observe(request.method or "", "/" + match.route if match else "unmatched", status, seconds)
    if request.path in QUIET:
        return
    log.log(
        logging.ERROR if status >= 500 else logging.DEBUG,
        "%s %s %d %.1f ms",
        request.method,
        request.path,
        status,
        seconds * 1000,
        extra={
            "method": request.method,
            "path": request.path,
            "status": status,
            "seconds": round(seconds, 6),
        },
    )
