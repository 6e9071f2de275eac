"""The one queue of spans that a Django process has, where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. Without one there is
nothing, not even the libraries.
"""

import os
from functools import cache
from multiprocessing import util as processes
from typing import TYPE_CHECKING

from prometheus_client import Gauge

if TYPE_CHECKING:
    from chassis.telemetry.export import SpanQueue

_FLUSH_SECONDS = 2.0
_FLUSH_PRIORITY = 5


@cache
def spans_of(service: str) -> "SpanQueue | None":
    """The queue, under this name; what waits in it when the process ends is exported then."""
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    if not endpoint:
        return None
    from chassis.telemetry.export import SpanQueue

    queue = SpanQueue(service, endpoint)
    # Servers' workers are children of multiprocessing, which leave without atexit; its own finalizers run in any process.
    processes.Finalize(None, queue.close, args=(_FLUSH_SECONDS,), exitpriority=_FLUSH_PRIORITY)
    gauge = Gauge(
        "banyan_spans", "Spans so far: taken by the collector, refused by it, dropped since too many waited", ["outcome"]
    )
    gauge.labels("exported").set_function(lambda: queue.exported)
    gauge.labels("failed").set_function(lambda: queue.failed)
    gauge.labels("dropped").set_function(lambda: queue.dropped)
    return queue
