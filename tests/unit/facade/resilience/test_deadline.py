"""How long a request may take, and what its client may say about it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.problems import Problem
from facade.resilience import deadline, declared

NUMBERS = declared.Deadline(total=10.0, most=30.0)


@pytest.mark.parametrize(
    ("claim", "seconds"),
    [
        (b"", 10), (b"2500", 2.5), (b"20000", 20), (b"999999", 30), (b"0001", 0.001),
        (b"1e9", 10), (b"-5", 10), (b"+5", 10), (b" 5", 10), (b"5, 5", 10), (b"1234567890", 10), ("٣".encode(), 10),
    ],
)  # fmt: skip
def test_claims_hold_within_the_declared_maximum(claim: bytes, seconds: float) -> None:
    """A client may shorten its time, or lengthen it up to a limit; nonsense is no claim."""
    assert deadline.until(NUMBERS, claim, 100.0) == 100.0 + seconds


@pytest.mark.parametrize("claim", [b"0", b"000"])
def test_no_time_is_refused_at_once(claim: bytes) -> None:
    """Nobody waits for the answer any more, so nobody is asked."""
    with pytest.raises(Problem) as refused:
        deadline.until(NUMBERS, claim, 100.0)
    assert refused.value.status == 504


@given(st.binary(max_size=12))
def test_any_claim_is_bounded(claim: bytes) -> None:
    """No bytes of a client hold a request for longer than is declared."""
    with contextlib.suppress(Problem):
        assert 100.0 < deadline.until(NUMBERS, claim, 100.0) <= 130.0


def test_upstream_is_told_what_is_left() -> None:
    """In whole milliseconds, rounded down: it must not wait longer than we do."""
    assert deadline.line(10.0, 7.4991) == b"banyan-timeout: 2500\r\n"
    with pytest.raises(Problem):
        deadline.line(10.0, 9.9999)
