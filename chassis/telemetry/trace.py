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
SAMPLED = 1
"""The bit of the flags that says that the caller may have recorded its span."""


@dataclass(frozen=True, slots=True)
class Trace:
    """`traceparent` is what this process sends on: of the span that it records of the request, or, where it records none, what it
    got. `parent` is the caller's span, "" where none is recorded here.
    """

    request_id: str
    traceparent: str
    parent: str = ""

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]

    @property
    def span_id(self) -> str:
        return self.traceparent[36:52]

    def headers(self) -> dict[str, str]:
        """For a call that belongs to this request."""
        return {"X-Request-ID": self.request_id, "traceparent": self.traceparent}


current: ContextVar[Trace | None] = ContextVar("banyan_trace", default=None)


def begin(request_id: str | None, traceparent: str | None, *, records: bool = False) -> Trace:
    """The trace of a request that came with these headers, continued or begun. `records`: spans of sampled traces are recorded
    here. Which traces are sampled is decided at the entrance; what begins here is none of them.
    """
    if request_id is None or not REQUEST_ID.fullmatch(request_id):
        request_id = os.urandom(16).hex()
    if traceparent is None or not TRACEPARENT.fullmatch(traceparent):
        return Trace(request_id, f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00")
    if records and int(traceparent[53:55], 16) & SAMPLED:
        return Trace(request_id, f"{traceparent[:36]}{os.urandom(8).hex()}{traceparent[52:]}", traceparent[36:52])
    return Trace(request_id, traceparent)


def outgoing_headers() -> Mapping[str, str]:
    """The headers that tie a call to the request being served; none outside a request."""
    trace = current.get()
    return {} if trace is None else trace.headers()
