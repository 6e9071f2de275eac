"""Which requests get a span, and what upstreams are told of their trace."""

import random
from typing import Any

import pytest

from facade.book import RouteBook
from facade.tracing.sampling import Allowance
from facade.tracing.tracer import Tracer
from migrations_tools.plans import PLANS
from tests.unit.facade.resilience.clock import Clock
from tests.unit.facade.tracing.asking import Asked, Kept, asked

TRACE, CALLER = b"0af7651916cd43dd8448eb211c80319c", b"b7ad6b7169203331"


def tracer(ratio: float, allowed: float, kept: Any = None) -> Tracer:
    return Tracer(kept or Kept(), RouteBook(list(PLANS.values())), ratio, Allowance(allowed, Clock()), random.Random(1))


def recorded(flags: bytes = b"01", version: bytes = b"00") -> bytes:
    """A caller's header."""
    return b"%b-%b-%b-%b" % (version, TRACE, CALLER, flags)


def begun(tracer: Tracer, traceparent: bytes = b"") -> Asked:
    """As the gateway does it."""
    request: Any = asked(traceparent)
    if request.inbound.trace or request.trace[36:52] < tracer.below:
        tracer.begin(request, None)
    found: Asked = request
    return found


@pytest.mark.parametrize("ratio", [0.0, 0.01, 0.3, 1.0])
def test_traces_that_begin_here_keep_the_ratio(ratio: float) -> None:
    """The share that is sampled is the one that was asked for, and the flag tells of each which it is."""
    made = [begun(tracer(ratio, 0)) for _ in range(4000)]
    sampled = [request for request in made if request.span is not None]
    assert len(sampled) / len(made) == pytest.approx(ratio, abs=0.03)
    assert all(request.trace.endswith(b"-01" if request.span is not None else b"-00") for request in made)


def test_a_trace_that_begins_here_has_no_parent() -> None:
    """Its first span is the entrance's, and upstreams are told of that."""
    kept = Kept()
    request = begun(tracer(1.0, 0, kept))
    request.span.end("monolith", 200)
    (span,) = kept.spans
    assert request.trace == b"00-%032x-%016x-01" % (span.trace_id, span.parent_id or span.span_id)
    assert span.parent_id == 0


@pytest.mark.parametrize("traceparent", [recorded(b"00"), recorded(b"02"), recorded(b"00", b"07") + b"-more"])
def test_what_the_caller_does_not_record_passes_as_it_came(traceparent: bytes) -> None:
    """Parent-based: even where everything is sampled, the caller's decision stands, and nothing of its header changes."""
    request = begun(tracer(1.0, 1000), traceparent)
    assert (request.span, request.trace) == (None, traceparent)


@pytest.mark.parametrize(
    ("traceparent", "flags"),
    [(recorded(), b"01"), (recorded(b"03"), b"03"), (recorded(b"ff"), b"03"), (recorded(b"01", b"07"), b"01")],
)
def test_what_the_caller_records_goes_on(traceparent: bytes, flags: bytes) -> None:
    """The caller's span is the parent; version and flags are those that are known here."""
    kept = Kept()
    request = begun(tracer(1.0, 0, kept), traceparent)
    request.span.end("monolith", 200)
    (span,) = kept.spans
    assert (b"%032x" % span.trace_id, b"%016x" % span.parent_id, span.remote) == (TRACE, CALLER, True)
    assert request.trace == b"00-%b-%016x-%b" % (TRACE, span.span_id, flags)


def test_callers_who_record_get_the_ratio_and_the_allowance() -> None:
    """Whatever trace ids they choose: of a thousand at once, the share of all, and so many more."""
    made = tracer(0.1, 50)
    requests = [begun(made, recorded(b"03")) for _ in range(1000)]
    sampled = [request for request in requests if request.span is not None]
    assert len(sampled) == pytest.approx(50 + 0.1 * 950, abs=30)
    refused = [request.trace for request in requests if request.span is None]
    assert {(trace[:35], trace[52:]) for trace in refused} == {(b"00-" + TRACE, b"-02")}
    assert CALLER not in {trace[36:52] for trace in refused}
    assert len({trace[36:52] for trace in refused}) == len(refused)
