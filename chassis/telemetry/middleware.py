"""The outermost middleware: gives each request its trace, and tells of each answer once, in the log and in
the metrics.
"""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from chassis.telemetry import metrics
from chassis.telemetry.trace import begin, current

log = logging.getLogger("banyan.request")

#: Asked every few seconds by machines; not worth a line each.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class TelemetryMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        trace = begin(request.headers.get("X-Request-ID"), request.headers.get("traceparent"))
        token = current.set(trace)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = trace.request_id
            _tell(request, response.status_code, time.perf_counter() - started)
            return response
        finally:
            current.reset(token)


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
