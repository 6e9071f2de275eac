"""Request ids, traces and log lines."""

import json
import logging
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY

from chassis.telemetry import metrics
from chassis.telemetry.logs import JsonLines, PlainLines
from chassis.telemetry.middleware import TelemetryMiddleware
from chassis.telemetry.spans import Kind, Span
from chassis.telemetry.trace import begin, current, outgoing_headers

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_recorded_trace_is_continued_with_a_span_of_its_own() -> None:
    """The trace id and flags are the caller's, the span is new, and the caller's is its parent."""
    trace = begin("abc", PARENT, records=True)
    assert trace.request_id == "abc"
    assert trace.trace_id == PARENT[3:35]
    assert re.fullmatch(r"00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", trace.traceparent)
    assert (trace.parent, trace.span_id) == ("b7ad6b7169203331", trace.traceparent[36:52])
    assert trace.traceparent != PARENT


@pytest.mark.parametrize(("traceparent", "records"), [(PARENT, False), (PARENT[:-1] + "0", True), (PARENT[:-1] + "2", True)])
def test_a_trace_that_is_not_recorded_passes_as_it_came(traceparent: str, records: bool) -> None:
    """Nobody is told of a parent that no collector will ever have."""
    trace = begin("abc", traceparent, records=records)
    assert (trace.traceparent, trace.parent) == (traceparent, "")


@pytest.mark.parametrize(
    "traceparent",
    [None, "", "x", PARENT.upper(), PARENT + "-x", "00-" + "0" * 32 + PARENT[35:], "01" + PARENT[2:], PARENT + "\n"],
)
def test_a_malformed_trace_is_begun_anew(traceparent: str | None) -> None:
    """What does not conform is never passed on, and what begins here is not sampled."""
    trace = begin(None, traceparent, records=True)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", trace.traceparent)
    assert trace.trace_id != PARENT[3:35]


@pytest.mark.parametrize("request_id", [None, "", "a b", "a\nb", "x" * 129, "é", "a;b"])
def test_a_malformed_request_id_is_replaced(request_id: str | None) -> None:
    """Nobody can put text into the log by their request id."""
    assert re.fullmatch(r"[0-9a-f]{32}", begin(request_id, None).request_id)


def test_the_middleware_ties_calls_to_the_request() -> None:
    """Inside a request outgoing calls carry its ids; after it there are none; the answer names the request."""
    seen: dict[str, str] = {}

    def view(_: HttpRequest) -> HttpResponse:
        seen.update(outgoing_headers())
        return HttpResponse()

    answer = TelemetryMiddleware(view)(RequestFactory().get("/x", headers={"x-request-id": "r1", "traceparent": PARENT}))
    assert answer["X-Request-ID"] == seen["X-Request-ID"] == "r1"
    assert seen["traceparent"][3:35] == PARENT[3:35]
    assert outgoing_headers() == {}


def test_a_failing_view_leaves_no_trace_behind() -> None:
    """The next request of the same thread does not inherit the ids of one that failed."""

    def view(_: HttpRequest) -> HttpResponse:
        raise RuntimeError("failed")

    with pytest.raises(RuntimeError):
        TelemetryMiddleware(view)(RequestFactory().get("/x"))
    assert current.get() is None


class Kept:
    """Spans, as they were put."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def put(self, span: Span) -> None:
        self.spans.append(span)


def test_a_sampled_request_leaves_a_span() -> None:
    """It is the child of the caller's, and the parent of what the request calls."""
    kept, seen = Kept(), dict[str, str]()

    def view(_: HttpRequest) -> HttpResponse:
        seen.update(outgoing_headers())
        return HttpResponse(status=404)

    request = RequestFactory().get(
        "/x?q=secret", headers={"x-request-id": "r1", "traceparent": PARENT, "host": "shop.example:8443"}
    )
    TelemetryMiddleware(view, kept)(request)
    (span,) = kept.spans
    assert (span.kind, span.name, span.failed, span.remote) == (Kind.SERVER, "GET", False, True)
    assert (f"{span.trace_id:032x}", f"{span.parent_id:016x}") == (PARENT[3:35], PARENT[36:52])
    assert seen["traceparent"] == f"{PARENT[:36]}{span.span_id:016x}-01"
    assert 0 < span.started <= span.ended
    assert span.attributes == {
        "http.request.method": "GET",
        "url.path": "/x",
        "url.scheme": "http",
        "server.address": "shop.example",
        "server.port": 8443,
        "http.response.status_code": 404,
        "banyan.side": "monolith",
        "banyan.request_id": "r1",
    }


@pytest.mark.parametrize("traceparent", [None, PARENT[:-1] + "0", "x"])
def test_no_other_request_leaves_a_span(traceparent: str | None) -> None:
    """Whoever is at the entrance decides, and nobody decides again here."""
    kept = Kept()
    headers = {} if traceparent is None else {"traceparent": traceparent}
    assert TelemetryMiddleware(lambda _: HttpResponse(), kept)(RequestFactory().get("/x", headers=headers)).status_code == 200
    assert kept.spans == []


def test_a_failing_view_leaves_a_span_that_failed() -> None:
    """What breaks is what a trace is looked at for."""
    kept = Kept()

    def view(_: HttpRequest) -> HttpResponse:
        raise RuntimeError("failed")

    with pytest.raises(RuntimeError):
        TelemetryMiddleware(view, kept)(RequestFactory().post("/x", headers={"traceparent": PARENT}))
    assert [(span.failed, span.attributes["error.type"]) for span in kept.spans] == [(True, "500")]


def test_a_json_line_is_one_object() -> None:
    """A line keeps its message, its extra fields, its exception and the request's ids, on one line."""
    record = logging.LogRecord("banyan", logging.ERROR, "f.py", 1, "failed: %s", ("a\nb",), None)
    record.user_key = 7
    token = current.set(begin("r2", PARENT))
    try:
        text = JsonLines().format(record)
        plain = PlainLines().format(record)
    finally:
        current.reset(token)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["level"], line["message"], line["user_key"], line["request_id"]) == ("ERROR", "failed: a\nb", 7, "r2")
    assert line["trace_id"] == PARENT[3:35]
    assert plain.endswith("[r2]")


def test_unknown_methods_make_no_series() -> None:
    """A stranger cannot fill the memory with metrics by inventing methods."""
    for number in range(3):
        metrics.observe(f"M{number}", "unmatched", 405, 0.1)
    assert REGISTRY.get_sample_value("banyan_requests_total", {"method": "other", "route": "unmatched", "status": "405"}) == 3
