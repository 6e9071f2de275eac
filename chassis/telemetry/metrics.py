"""The process' metrics for Prometheus: requests by route, and how long they took.

Routes are labelled by their pattern, never by the path itself, so that the number of series stays bounded.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

REQUESTS = Counter("banyan_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "banyan_request_seconds",
    "Time from the request's arrival to its answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """`/metrics`, in Prometheus' text format."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
