"""Spans of requests through a running facade, as a collector gets them, and what upstreams are told of their trace."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chassis.ports import free_port
from tests.collector import Collector, Taken
from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer, misdirected
from tests.integration.facade.test_failures import drop_first

ME = "/api/v1/users/me"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
Pair = tuple[ScriptedUpstream, ScriptedUpstream]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    collector = Collector().start()
    yield collector
    collector.stop()


@contextmanager
def traced(upstreams: Pair, var: Path, collector: str, **more: str) -> Iterator[Entrance]:
    """A facade that sends its spans at once."""
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_BSP_SCHEDULE_DELAY": "20", **more}
    entrance = Entrance(upstreams[0], var, own).start()
    try:
        yield entrance
    finally:
        entrance.stop()


@pytest.fixture(scope="module")
def running(
    upstreams: Pair, own_valkey: TestValkey, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entrance]:
    """Every request is sampled."""
    more = {"FACADE_TRACE_RATIO": "1", "VALKEY_URL": own_valkey.url}
    with traced(upstreams, tmp_path_factory.mktemp("var"), collector.url, **more) as entrance:
        yield entrance


def place(request: Received) -> tuple[str, str, str]:
    """Trace, parent and flags that an upstream was told."""
    version, trace, parent, flags = (request.header("traceparent") or "").split("-")
    assert version == "00"
    return trace, parent, flags


def spans(collector: Collector, trace: str) -> tuple[Taken, list[Taken]]:
    """The SERVER span of a trace and its attempts, in their order, once the collector has them all."""
    until(lambda: any(span.kind == "SERVER" for span in collector.of(trace)))
    (server,) = [span for span in collector.of(trace) if span.kind == "SERVER"]
    attempts = [span for span in collector.of(trace) if span.kind == "CLIENT"]
    assert all(span.parent == server.id for span in attempts)
    assert all(server.started <= span.started <= span.ended <= server.ended for span in attempts)
    assert len(attempts) == server["banyan.attempts"]
    return server, attempts


def test_request_leaves_a_span_of_either_kind(entrance: Entrance, monolith: ScriptedUpstream, collector: Collector) -> None:
    """The entrance is the root, the attempt its child, and the upstream is told that the attempt is its parent."""
    reply = entrance.ask("GET", f"{ME}?token=secret", Host="shop.example:8443")
    trace, parent, flags = place(monolith.received[0])
    server, (client,) = spans(collector, trace)
    assert (client.id, flags) == (parent, "01")
    assert (server.parent, server.name, client.name, server.service) == ("", "GET /api/v1/users", "GET", "facade")
    assert (server.failed, client.failed) == (False, False)
    assert server.attributes == {
        "http.request.method": "GET",
        "url.path": ME,
        "url.scheme": "http",
        "server.address": "shop.example",
        "server.port": 8443,
        "http.route": "/api/v1/users",
        "http.response.status_code": 200,
        "banyan.request_id": reply.header("x-request-id"),
        "banyan.context": "users",
        "banyan.phase": "monolith",
        "banyan.epoch": 0,
        "banyan.side": "monolith",
        "banyan.replica": False,
        "banyan.attempts": 1,
    }
    assert client.attributes == {
        "http.request.method": "GET",
        "url.full": monolith.url + ME,
        "server.address": "127.0.0.1",
        "server.port": monolith.port,
        "http.response.status_code": 200,
        "banyan.side": "monolith",
        "banyan.replica": False,
        "banyan.outcome": "answered",
    }


def test_redirect_by_421_is_two_attempts(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, collector: Collector
) -> None:
    """Who was asked first, that it refused, and who answered: each upstream has a parent of its own in one trace."""
    entrance.route("canary", epoch=1, services=[service])
    monolith.script = lambda request: misdirected("service", 2)
    assert entrance.ask("POST", ME, b"{}").status == 200
    (trace, first, _), (same, second, _) = place(monolith.received[0]), place(service.received[0])
    assert same == trace
    server, attempts = spans(collector, trace)
    assert [span.id for span in attempts] == [first, second]
    assert [(span["banyan.side"], span["banyan.outcome"], span["http.response.status_code"]) for span in attempts] == [
        ("monolith", "misdirected", 421),
        ("service", "answered", 200),
    ]
    assert [span.failed for span in attempts] == [True, False]
    assert attempts[1]["http.request.resend_count"] == 1
    assert (server["banyan.side"], server["banyan.phase"], server.failed) == ("service", "canary", False)


def test_retry_is_two_attempts(entrance: Entrance, monolith: ScriptedUpstream, collector: Collector) -> None:
    """A connection that was closed without an answer is an attempt that failed."""
    monolith.script = drop_first()
    assert entrance.ask("GET", "/x").status == 200
    (trace, first, _), (_, second, _) = map(place, monolith.received)
    server, attempts = spans(collector, trace)
    assert [span.id for span in attempts] == [first, second]
    assert [span["banyan.outcome"] for span in attempts] == ["closed", "answered"]
    assert attempts[0]["error.type"] == "closed"
    assert "http.response.status_code" not in attempts[0].attributes
    assert "banyan.context" not in server.attributes


def test_fallback_is_an_attempt_at_a_replica(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, collector: Collector
) -> None:
    """A read that the monolith answered in place of the service says so."""
    entrance.route("service", epoch=1, services=[service])
    service.script = lambda request: answer(b"{}", "503 Service Unavailable")
    assert entrance.ask("GET", ME).status == 200
    server, attempts = spans(collector, place(monolith.received[0])[0])
    found = [(span["banyan.side"], span["banyan.replica"], span["banyan.outcome"]) for span in attempts]
    assert found == [("service", False, "unavailable"), ("monolith", True, "answered")]
    assert (server["banyan.side"], server["banyan.replica"]) == ("monolith", True)


def test_upstream_that_is_away_is_an_attempt_each_time(
    entrance: Entrance, monolith: ScriptedUpstream, collector: Collector
) -> None:
    """Nobody was told anything, and it shows all the same."""
    known = {span.trace for span in collector.spans}
    monolith.stop()
    try:
        reply = entrance.ask("POST", "/away", b"{}")
    finally:
        monolith.start()
    assert reply.status == 503
    (trace,) = until(lambda: {span.trace for span in collector.spans if span.attributes.get("url.path") == "/away"} - known)
    server, attempts = spans(collector, trace)
    assert len(attempts) > 1
    assert {span["error.type"] for span in attempts} == {"unreachable"}
    assert (server.failed, server["error.type"], server["banyan.side"]) == (True, "503", "facade")


def test_streamed_answer_ends_its_attempt(entrance: Entrance, monolith: ScriptedUpstream, collector: Collector) -> None:
    """An attempt lasts as long as its answer comes in; one that breaks off is no success."""
    released = threading.Event()

    def script(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        released.wait(10)
        raise Drop

    monolith.script = script
    with closing(socket.create_connection(("127.0.0.1", entrance.port), timeout=10)) as client:
        client.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: client.recv(4096).endswith(b"half\r\n"))
        trace = place(monolith.received[0])[0]
        assert collector.of(trace) == []
        released.set()
        server, (client_span,) = spans(collector, trace)
    assert (client_span["error.type"], client_span["banyan.outcome"]) == ("incomplete", "answered")
    assert server["error.type"] == "incomplete"
    assert "http.response.status_code" not in server.attributes


def test_callers_trace_goes_on(entrance: Entrance, monolith: ScriptedUpstream, collector: Collector) -> None:
    """A trace that the caller records has the entrance as its child; one that it does not passes as it came."""
    assert entrance.ask("GET", "/x", Traceparent=f"00-{TRACE}-{CALLER}-03", Tracestate="vendor=1").status == 200
    trace, parent, flags = place(monolith.received[0])
    server, (client,) = spans(collector, trace)
    assert (trace, server.parent, client.id, flags) == (TRACE, CALLER, parent, "03")
    assert monolith.received[0].header("tracestate") == "vendor=1"
    unrecorded = f"00-{TRACE[::-1]}-{CALLER}-00"
    assert entrance.ask("GET", "/x", Traceparent=unrecorded).status == 200
    assert monolith.received[1].header("traceparent") == unrecorded
    assert entrance.ask("GET", "/last").status == 200
    spans(collector, place(monolith.received[2])[0])
    assert collector.of(TRACE[::-1]) == []


def pipelined(entrance: Entrance, count: int, lines: bytes = b"") -> int:
    """Ask so many times on one connection; how many were answered with 200."""
    request = b"GET /x HTTP/1.1\r\nHost: a\r\n%b\r\n" % lines
    data = request * (count - 1) + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    return entrance.raw(data, 30).count(b"HTTP/1.1 200")


def test_the_ratio_is_kept(upstreams: Pair, monolith: ScriptedUpstream, collector: Collector, tmp_path: Path) -> None:
    """A fifth is a fifth, and what is sampled, no more and no less, is told and exported."""
    more = {"FACADE_TRACE_RATIO": "0.2", "FACADE_TRACE_ASKED": "0"}
    with traced(upstreams, tmp_path, collector.url, **more) as entrance:
        assert pipelined(entrance, 1000) == 1000
        told = [place(request) for request in monolith.received]
        sampled = {trace for trace, _, flags in told if flags == "01"}
        assert 140 < len(sampled) < 260
        assert {flags for trace, _, flags in told if trace not in sampled} == {"00"}
        until(lambda: sampled <= {span.trace for span in collector.spans if span.kind == "SERVER"})
        assert not ({trace for trace, _, _ in told} - sampled) & {span.trace for span in collector.spans}


def test_callers_cannot_have_everything_recorded(
    upstreams: Pair, monolith: ScriptedUpstream, collector: Collector, tmp_path: Path
) -> None:
    """Beyond the allowance a caller's flag is taken away, and its span is not named as the parent any more."""
    with traced(upstreams, tmp_path, collector.url, FACADE_TRACE_RATIO="0", FACADE_TRACE_ASKED="5") as entrance:
        assert pipelined(entrance, 300, b"Traceparent: 00-%b-%b-01\r\n" % (TRACE.encode(), CALLER.encode())) == 300
        told = [place(request) for request in monolith.received]
        assert {trace for trace, _, _ in told} == {TRACE}
        assert len({parent for _, parent, _ in told} | {CALLER}) == 301
        sampled = [parent for _, parent, flags in told if flags == "01"]
        assert 5 <= len(sampled) < 100
        until(lambda: set(sampled) <= {span.id for span in collector.spans})


def test_last_spans_are_exported_before_the_end(
    upstreams: Pair, monolith: ScriptedUpstream, collector: Collector, tmp_path: Path
) -> None:
    """SIGTERM loses no span of a request that was answered."""
    with traced(upstreams, tmp_path, collector.url, FACADE_TRACE_RATIO="1", OTEL_BSP_SCHEDULE_DELAY="600000") as entrance:
        assert entrance.ask("GET", "/x").status == 200
        trace = place(monolith.received[0])[0]
        assert collector.of(trace) == []
    assert {span.kind for span in collector.of(trace)} == {"SERVER", "CLIENT"}


def test_dead_collector_costs_no_answer(upstreams: Pair, monolith: ScriptedUpstream, tmp_path: Path) -> None:
    """Nobody listens: requests are answered as ever, what was not taken is counted, and said once."""
    more = {"FACADE_TRACE_RATIO": "1", "OTEL_EXPORTER_OTLP_TIMEOUT": "0.2"}
    with traced(upstreams, tmp_path, f"http://127.0.0.1:{free_port()}", **more) as entrance:
        for _ in range(5):
            assert entrance.ask("GET", "/x").status == 200
            before = gauge(entrance, "spans_failed_total")
            until(lambda before=before: gauge(entrance, "spans_failed_total") > before, 30)  # type: ignore[misc]
        assert gauge(entrance, "spans_exported_total") == 0
    assert (tmp_path / "facade.log").read_text().count("spans batch") == 1


def test_silent_collector_costs_spans_and_no_answer(upstreams: Pair, monolith: ScriptedUpstream, tmp_path: Path) -> None:
    """It takes a connection and never answers: the queue fills, further spans are counted and lost, the end is not held up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with traced(upstreams, tmp_path, url, FACADE_TRACE_RATIO="1", OTEL_EXPORTER_OTLP_TIMEOUT="60") as entrance:
            assert pipelined(entrance, 1500) == 1500
            spans = 3000
            waiting = spans - gauge(entrance, "spans_dropped_total")
            assert 2048 <= waiting <= 2048 + 128
            assert entrance.ask("GET", "/x").status == 200
