"""A request as the tracer sees it, and where its spans go."""

from dataclasses import dataclass, field
from typing import Any

from chassis.telemetry.spans import Span
from facade import headers, onward
from facade.headers import Inbound


@dataclass
class Kept:
    """Spans, as they were put."""

    spans: list[Span] = field(default_factory=list)

    def put(self, span: Span) -> None:
        self.spans.append(span)


@dataclass
class Asked:
    """A GET that came with this `traceparent`."""

    inbound: Inbound
    request_id: bytes
    trace: bytes
    method: str = "GET"
    target: bytes = b"/api/v1/users/me?x=1"
    host: bytes = b"shop.example"
    scheme: bytes = b"https"
    span: Any = None


def asked(traceparent: bytes = b"") -> Asked:
    inbound = headers.inbound(b"host: a\r\ntraceparent: %b" % traceparent if traceparent else b"host: a")
    return Asked(inbound, *onward.identify(inbound))
