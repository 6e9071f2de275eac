"""The request id and the W3C trace context of what is running now.

Both come with the request and are passed on with each call that it causes; what is malformed is replaced,
never passed on.
"""

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Trace:
    """`traceparent` is what this process sends on: the caller's trace with a span of its own."""

    request_id: str
    traceparent: str

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]

    def headers(self) -> dict[str, str]:
        """For a call that belongs to this request."""
        return {"X-Request-ID": self.request_id, "traceparent": self.traceparent}


current: ContextVar[Trace | None] = ContextVar("banyan_trace", default=None)


def begin(request_id: str | None, traceparent: str | None) -> Trace:
    """The trace of a request that came with these headers, continued or begun."""
    if request_id is None or not REQUEST_ID.fullmatch(request_id):
        request_id = os.urandom(16).hex()
    span = os.urandom(8).hex()
    if traceparent is not None and TRACEPARENT.fullmatch(traceparent):
        return Trace(request_id, f"{traceparent[:36]}{span}{traceparent[52:]}")
    return Trace(request_id, f"00-{os.urandom(16).hex()}-{span}-01")


def outgoing_headers() -> Mapping[str, str]:
    """The headers that tie a call to the request being served; none outside a request."""
    trace = current.get()
    return {} if trace is None else trace.headers()
