"""The run in numbers."""

from migrations_tools.demo.record import Drained, Ended, Opened, Outcome
from migrations_tools.demo.timeline import BIN, bins, mix, scheduled, writes_between


def _ended(at: float, took: float = 0.01, op: str = "read me", **fields: object) -> Ended:
    return Ended(0, at, op, "a@x", Outcome.ACKNOWLEDGED, 200, took, **fields)  # type: ignore[arg-type]


def test_only_the_schedule_counts() -> None:
    """Signing in before it and the last look after it have no due time that they could miss, so they are no latency."""
    told = [_ended(9.0), Opened(10.0, "r", 120, 1), _ended(11.0), _ended(10.5), Drained(12.0), _ended(12.5)]
    assert [entry.at for entry in scheduled(told)] == [10.5, 11.0]


def test_a_pause_shows_where_it_was() -> None:
    """Requests that were due in a pause make its bins slow, not the ones in which they were answered."""
    seen = bins([_ended(10.0), _ended(10.3, took=0.5), _ended(10.9)])
    assert [one.latencies.count for one in seen] == [1, 1, 0, 1]
    assert [round(one.latencies.max) for one in seen] == [10, 500, 0, 10]
    assert [one.at for one in seen] == [10.0, 10.0 + BIN, 10.0 + 2 * BIN, 10.0 + 3 * BIN]


def test_the_percentile_is_taken_over_enough_requests() -> None:
    """One slow request among two hundred around it is the maximum of its bin, and no 99th percentile."""
    seen = bins([_ended(10 + number / 100, took=1.0 if number == 100 else 0.01) for number in range(200)])
    slow = next(one for one in seen if one.latencies.max > 500)
    assert round(slow.p99_around) == 10


def test_a_write_that_spans_a_moment_is_of_it() -> None:
    """Due before and answered after, or in between; reads and what was over are not."""
    during = [_ended(1.0, took=5.0, write=True), _ended(3.0, write=True)]
    others = [_ended(1.0, write=True), _ended(3.0), _ended(9.0, write=True)]
    assert writes_between([*during, *others], 2.0, 4.0) == during


def test_the_mix_tells_what_became_of_each_operation() -> None:
    """Refusals, failures and stale reads are counted by operation, the most frequent first."""
    refused = Ended(0, 1.0, "login wrong", "a@x", Outcome.REFUSED, 401, 0.01)
    failed = Ended(0, 1.0, "order", "a@x", Outcome.UNKNOWN, 0, 0.01)
    stale = _ended(1.0, missing=["nickname"])
    shares = mix([refused, stale, stale, failed])
    assert [(one.op, one.refused, one.failed, one.stale) for one in shares] == [
        ("read me", 0, 0, 2),
        ("login wrong", 1, 0, 0),
        ("order", 0, 1, 0),
    ]
