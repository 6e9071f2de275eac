"""Hands finished spans to a collector, by OTLP over HTTP, from a thread of its own.

It refuses to hold anything up: spans wait in a queue of a bounded length, those that do not fit are dropped, and what became of
each is counted. The SDK's batch processor would drop too, the oldest, but tells nobody how many; so the bound is kept here, one
step before its own. Spans are made as values, not by the SDK's tracer: that costs a seventh, and the ids are those that the
headers named already.

The libraries read what else OpenTelemetry's specification says of exporters from the environment: `OTEL_EXPORTER_OTLP_HEADERS`,
`…_TIMEOUT`, `…_COMPRESSION`, `…_CERTIFICATE`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_SCHEDULE_DELAY`.
"""

import logging
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from chassis.telemetry.spans import Kind, Span

log = logging.getLogger(__name__)

WAITING = 2048
"""So many spans may wait: some seconds' worth at a full worker's usual share."""
BATCH = 128
"""So many go in one request: a batch is encoded in less time than a thread may keep the others from running."""

_KINDS = {Kind.SERVER: SpanKind.SERVER, Kind.CLIENT: SpanKind.CLIENT}
_SCOPE = InstrumentationScope("banyan")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSET, _ERROR = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


class SpanQueue:
    """Spans of this process on their way to the collector at `endpoint` (its base address), as those of `service`. Safe between
    threads; to be made after the last fork, or before the first span.
    """

    def __init__(self, service: str, endpoint: str, *, waiting: int = WAITING, batch: int = BATCH) -> None:
        self._exporter = _Counted(trace_exporter.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces"))
        self._processor = BatchSpanProcessor(self._exporter, waiting, max_export_batch_size=min(batch, waiting))
        self._resource = _resource(service)
        self._waiting = waiting
        self._lock = threading.Lock()
        self._put = 0
        self.dropped = 0

    @property
    def exported(self) -> int:
        """How many spans the collector took."""
        return self._exporter.exported

    @property
    def failed(self) -> int:
        """How many it did not take, however often it was asked."""
        return self._exporter.failed

    def put(self, span: Span) -> None:
        """Leave a span to be exported, or drop and count it where too many wait."""
        with self._lock:
            if self._put - self._exporter.taken >= self._waiting:
                self.dropped += 1
                return
            self._put += 1
        self._processor.on_end(self._readable(span))

    def close(self, seconds: float) -> None:
        """Export what waits, for so long at most. What is put afterwards is lost."""
        ending = threading.Thread(target=self._processor.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(seconds)
        if ending.is_alive():
            self._exporter.shutdown()  # which ends the pause between two tries

    def _readable(self, span: Span) -> ReadableSpan:
        parent = SpanContext(span.trace_id, span.parent_id, span.remote, _SAMPLED) if span.parent_id else None
        return ReadableSpan(
            span.name,
            SpanContext(span.trace_id, span.span_id, False, _SAMPLED),
            parent,
            self._resource,
            span.attributes,
            kind=_KINDS[span.kind],
            status=_ERROR if span.failed else _UNSET,
            start_time=span.started,
            end_time=span.ended,
            instrumentation_scope=_SCOPE,
        )


class _Counted(SpanExporter):
    """The exporter, and what became of the spans that it was given."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._complaints = _Complaints()
        self.taken = self.exported = self.failed = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            if result is SpanExportResult.SUCCESS:
                self.exported += len(spans)
                self._complaints.forget()
            else:
                self.failed += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Complaints(logging.Filter):
    """Lets through what the exporter says first when the collector fails, and no more until it has taken something: a collector
    that is away says nothing new with every batch.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False
        logging.getLogger(trace_exporter.__name__).addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        told, self._told = self._told, self._told or record.levelno >= logging.WARNING
        return not told

    def forget(self) -> None:
        if self._told:
            log.warning("the collector takes spans again")
        self._told = False


def _resource(service: str) -> Resource:
    """Who speaks, unless the environment names it."""
    found = Resource.create()
    if not str(found.attributes["service.name"]).startswith("unknown_service"):
        return found
    return found.merge(Resource({"service.name": service, "service.namespace": "banyan"}))
