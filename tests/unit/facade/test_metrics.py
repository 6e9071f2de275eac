"""Metrics: what is counted, as families and as the text that Prometheus reads."""

from facade import exposition
from facade.exposition import Across, Family, pairs
from facade.metrics import BOUNDS, Metrics


def lines(metrics: Metrics) -> list[str]:
    return exposition.text(metrics.families()).splitlines()


def test_requests_are_counted_by_context_side_and_class() -> None:
    """Counters, histogram and events add up."""
    metrics = Metrics()
    for seconds, status in ((0.0005, 200), (0.3, 204), (99.0, 503)):
        metrics.observe("users", "service", status, seconds)
    metrics.event("users", "fallback")
    told = lines(metrics)
    assert 'banyan_facade_requests_total{context="users",side="service",class="2xx"} 2' in told
    assert 'banyan_facade_requests_total{context="users",side="service",class="5xx"} 1' in told
    buckets = [line.rsplit(" ", 1)[1] for line in told if "_bucket" in line]
    assert [int(count) for count in buckets] == [1] * 8 + [2] * (len(BOUNDS) - 8) + [3]
    assert 'banyan_facade_request_seconds_sum{context="users",side="service"} 99.300500' in told
    assert 'banyan_facade_request_seconds_count{context="users",side="service"} 3' in told
    assert 'banyan_facade_events_total{context="users",event="fallback"} 1' in told


def test_what_is_looked_up_may_have_labels() -> None:
    """One number, or one for each set of labels; the name says whether it counts. None is rounded."""
    metrics = Metrics()
    metrics.gauges += [
        ("banyan_x", "An x.", lambda: 1_234_567),
        ("banyan_y_total", "Each y.", lambda: {'a="b"': 3, 'a="c"': 0.25}),
        ("banyan_z", "A truth.", lambda: True),
    ]
    told = lines(metrics)
    assert "# TYPE banyan_x gauge" in told
    assert "# TYPE banyan_y_total counter" in told
    assert "banyan_x 1234567" in told
    assert 'banyan_y_total{a="b"} 3' in told
    assert 'banyan_y_total{a="c"} 0.250000' in told
    assert told[-1] == "banyan_z 1"


def test_status_beyond_the_classes_is_counted() -> None:
    """A status that no class knows breaks nothing."""
    metrics = Metrics()
    metrics.observe("-", "monolith", 999, 1)
    assert any('class="5xx"} 1' in line for line in lines(metrics))


def test_a_family_travels_as_json() -> None:
    """What the worker sends is what the admin process reads."""
    family = Family("n", "histogram", "e", Across.SUM, {("_sum", 'a="b"'): 1.5, ("", ""): 2.0})
    assert Family.of(family.plain()) == family
    assert pairs('a="b",side="/x y"') == {"a": "b", "side": "/x y"}
