"""Spans on their way to a collector, and what they may say."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chassis.telemetry import spans
from chassis.telemetry.export import SpanQueue
from chassis.telemetry.spans import Kind, Span
from tests.collector import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector().start()
    yield collector
    collector.stop()


def span(number: int) -> Span:
    return Span("GET /x", Kind.SERVER, 7 << 64, number, 9, True, 1_000, 2_000, {"url.path": "/x", "banyan.epoch": 3}, failed=True)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_a_span_arrives_as_it_was(collector: Collector) -> None:
    """Ids, times, kind, status, attributes and the name of who sent it reach the collector."""
    queue = SpanQueue("shop", collector.url)
    queue.put(span(5))
    queue.close(5)
    (taken,) = collector.spans
    assert (taken.service, taken.name, taken.kind, taken.failed) == ("shop", "GET /x", "SERVER", True)
    assert (taken.trace, taken.id, taken.parent) == (f"{7 << 64:032x}", f"{5:016x}", f"{9:016x}")
    assert (taken.started, taken.ended, taken.attributes) == (1_000, 2_000, {"url.path": "/x", "banyan.epoch": 3})
    assert (queue.exported, queue.failed, queue.dropped) == (1, 0, 0)


def test_the_environment_may_name_the_service(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's own variables mean what they mean elsewhere."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "renamed")
    queue = SpanQueue("shop", f"{collector.url}/")
    queue.put(span(5))
    queue.close(5)
    assert collector.spans[0].service == "renamed"


def test_what_does_not_fit_is_dropped_and_counted(collector: Collector) -> None:
    """Threads that put more than may wait lose the rest, and each lost span is counted; what waited arrives."""
    queue = SpanQueue("shop", collector.url, waiting=50, batch=50)
    collector.hold()
    queue.put(span(1))
    crowd = [threading.Thread(target=lambda: [queue.put(span(2)) for _ in range(100)]) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    waiting = 401 - queue.dropped
    assert 50 <= waiting <= 100, "those that wait, and the batch that is under way"
    collector.go_on()
    queue.close(5)
    assert (queue.exported, queue.failed, len(collector.spans)) == (waiting, 0, waiting)


def test_a_collector_that_refuses_is_counted_and_told_of_once(
    collector: Collector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spans that are not taken are counted; the log tells when it began and when it was over."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    collector.status = 400
    queue = SpanQueue("shop", collector.url)
    for number in range(1, 4):
        queue.put(span(number))
        until(lambda number=number: queue.failed == number)  # type: ignore[misc]
    collector.status = 200
    queue.put(span(4))
    until(lambda: queue.exported == 1)
    queue.close(5)
    said = [record.getMessage() for record in caplog.records if record.name.startswith(("opentelemetry", "chassis"))]
    assert len(said) == 2
    assert "400" in said[0]
    assert said[1] == "the collector takes spans again"


def test_the_end_does_not_wait_for_a_collector_that_is_silent(collector: Collector) -> None:
    """A process that is told to end is gone in time."""
    queue = SpanQueue("shop", collector.url)
    collector.hold()
    queue.put(span(1))
    started = time.monotonic()
    queue.close(0.2)
    assert time.monotonic() - started < 2
    collector.go_on()


@pytest.mark.parametrize(
    ("host", "scheme", "address", "port"),
    [
        ("shop.example", "http", "shop.example", 80),
        ("shop.example", "https", "shop.example", 443),
        ("shop.example:8443", "https", "shop.example", 8443),
        ("[::1]:8000", "http", "::1", 8000),
        ("[::1]", "http", "::1", 80),
    ],
)
def test_an_address_is_told_in_parts(host: str, scheme: str, address: str, port: int) -> None:
    """By the conventions, address and port are two attributes, also where the port is the scheme's."""
    assert spans.server(host, scheme) == {"server.address": address, "server.port": port}


def test_what_callers_choose_freely_is_bounded() -> None:
    """Neither inventing methods nor long paths fills a backend; no query, which may carry secrets, gets there at all."""
    told = spans.served("BREW" * 100, "/x" * 10_000 + "?token=secret", "http", "")
    assert told["http.request.method"] == "_OTHER"
    assert spans.name("BREW" * 100, "/pots") == "HTTP /pots"
    assert sum(len(str(value)) for value in told.values()) < 600
    assert spans.served("GET", "/x?token=secret", "http", "")["url.path"] == "/x"
