"""Metrics: the text that Prometheus reads."""

from facade.metrics import BOUNDS, Metrics


def test_requests_are_counted_by_context_side_and_class() -> None:
    """Counters, histogram and events add up."""
    metrics = Metrics()
    for seconds, status in ((0.0005, 200), (0.3, 204), (99.0, 503)):
        metrics.observe("users", "service", status, seconds)
    metrics.event("users", "fallback")
    metrics.gauges.append(("banyan_x", "An x.", lambda: 3))
    metrics.gauges.append(("banyan_y", "Some y.", lambda: {'of="a"': 1, 'of="b"': 0.5}))
    lines = metrics.text().decode().splitlines()
    assert 'banyan_facade_requests_total{context="users",side="service",class="2xx"} 2' in lines
    assert 'banyan_facade_requests_total{context="users",side="service",class="5xx"} 1' in lines
    buckets = [line.rsplit(" ", 1)[1] for line in lines if "_bucket" in line]
    assert [int(count) for count in buckets] == [1] * 8 + [2] * (len(BOUNDS) - 8) + [3]
    assert 'banyan_facade_request_seconds_count{context="users",side="service"} 3' in lines
    assert 'banyan_facade_events_total{context="users",event="fallback"} 1' in lines
    assert "banyan_x 3" in lines
    assert {'banyan_y{of="a"} 1', 'banyan_y{of="b"} 0.5'} <= set(lines)


def test_status_beyond_the_classes_is_counted() -> None:
    """A status that no class knows breaks nothing."""
    metrics = Metrics()
    metrics.observe("-", "monolith", 999, 1)
    assert b'class="5xx"} 1' in metrics.text()
