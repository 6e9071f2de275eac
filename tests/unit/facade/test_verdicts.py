"""What the end of an attempt says."""

import pytest

from facade import verdicts
from facade.decide import Outcome
from facade.failures import BadAnswer, ClosedEarly, CutShort, TimedOut, Unreachable, UpstreamError
from facade.problems import guarded
from facade.resilience.guard import Refused
from facade.routes import Lesson
from migrations_tools.phases import Owner

NOON = 1_795_867_200.0
"""Sat, 28 Nov 2026 12:00:00 GMT."""


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"", 0.0),
        (b"3", 3.0),
        (b"0", 0.0),
        (b"-3", 0.0),
        (b"soon", 0.0),
        (b"Sat, 28 Nov 2026 12:00:05 GMT", 5.0),
        (b"Sat Nov 28 12:00:05 2026", 5.0),
        (b"Sat, 28 Nov 2026 11:59:00 GMT", 0.0),
        (b"Sat, 28 Nov 99999 11:59:00 GMT", 0.0),
    ],
)
def test_when_to_come_again(value: bytes, seconds: float) -> None:
    """Seconds or a date, neither in the past; what cannot be read asks for nothing."""
    assert verdicts.retry_after(value, NOON) == seconds


def test_a_lesson_is_whole_or_none() -> None:
    """A 421 of somebody else's making moves nobody."""
    marks = {b"banyan-context": b"users", b"banyan-owner": b"service", b"banyan-epoch": b"7"}
    assert verdicts.lesson(marks) == ("users", Lesson(7, Owner.SERVICE))
    for name, value in (("context", b""), ("owner", b"nobody"), ("epoch", b"-1")):
        assert verdicts.lesson({**marks, b"banyan-" + name.encode(): value}) is None


@pytest.mark.parametrize(
    ("error", "outcome", "before", "after"),
    [
        (Unreachable("x"), Outcome.UNREACHABLE, 503, 502),
        (Refused(guarded("x", 3), 3.0), Outcome.REFUSED, 503, 502),
        (ClosedEarly("x"), Outcome.CLOSED, None, 502),
        (TimedOut("x"), Outcome.TIMED_OUT, None, 504),
        (BadAnswer("x"), Outcome.BROKEN, None, 502),
        (CutShort("x"), Outcome.BROKEN, None, 502),
    ],
)
def test_nobody_is_told_that_nothing_was_executed_when_something_may_have_been(
    error: UpstreamError | Refused, outcome: Outcome, before: int | None, after: int
) -> None:
    """By this attempt or by one before it."""
    if isinstance(error, UpstreamError):
        assert verdicts.outcome(error) is outcome
    if before is not None:
        problem = verdicts.refusal(outcome, error, "", worked=False)
        assert (problem.status, problem.detail.startswith("nothing was executed"), problem.retry_after is None) == (
            before,
            True,
            False,
        )
    problem = verdicts.refusal(outcome, error, "", worked=True)
    assert (problem.status, problem.detail.startswith("the request may have been executed")) == (after, True)


def test_a_request_between_two_owners_was_not_executed() -> None:
    """Its client may come again."""
    problem = verdicts.refusal(Outcome.MISDIRECTED, None, "users", worked=False)
    assert (problem.status, problem.slug, problem.retry_after) == (503, "changing-hands", 1)
