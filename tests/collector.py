"""A collector of OpenTelemetry's protocol: takes spans over HTTP, and keeps them."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

PATH = "/v1/traces"


@dataclass(frozen=True)
class Taken:
    """One span as it arrived; ids are hexadecimal digits, `parent` is "" without one."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    started: int
    ended: int
    failed: bool
    attributes: dict[str, Any]

    def __getitem__(self, attribute: str) -> Any:
        return self.attributes[attribute]


@dataclass
class Collector:
    """Listens on a free port of the loopback, and answers `status`, after it has been let go on where it was told to hold."""

    spans: list[Taken] = field(default_factory=list)
    status: int = 200
    going_on: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> "Collector":
        self.going_on.set()
        handler = type("Handler", (_Handler,), {"collector": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def hold(self) -> None:
        """Answer nothing until told to go on."""
        self.going_on.clear()

    def go_on(self) -> None:
        self.going_on.set()

    def of(self, trace: str) -> list[Taken]:
        """The spans of a trace, in the order in which they began."""
        return sorted((span for span in list(self.spans) if span.trace == trace), key=lambda span: span.started)

    def take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            service = _attributes(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [_taken(service, span) for span in scope.spans]


class _Handler(BaseHTTPRequestHandler):
    collector: ClassVar[Collector]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.collector.going_on.wait(30)
        assert self.path == PATH
        assert self.headers["content-type"] == "application/x-protobuf"
        if self.collector.status == 200:
            self.collector.take(ExportTraceServiceRequest.FromString(body))
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(self.collector.status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def _taken(service: str, span: Span) -> Taken:
    return Taken(
        service=service,
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        started=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        failed=span.status.code == Status.StatusCode.STATUS_CODE_ERROR,
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind is not None else None
