"""What the end of an attempt says: of the upstream, of who owns the context, of when to come again, and to the client."""

from collections.abc import Mapping
from typing import Final

from facade import problems
from facade.decide import Outcome
from facade.failures import BadAnswer, ClosedEarly, CutShort, TimedOut, Unreachable, UpstreamError
from facade.http1 import date
from facade.problems import Problem
from facade.resilience.guard import Refused
from facade.routes import Lesson
from migrations_tools.phases import Owner

GATEWAY_FAILURES: Final = frozenset({502, 503, 504})
"""Answers that say that the upstream, and not the request, is in trouble."""

_OWNERS: Final = frozenset(owner.value for owner in Owner)

_OUTCOMES: Final[tuple[tuple[type[UpstreamError], Outcome], ...]] = (
    (Unreachable, Outcome.UNREACHABLE),
    (ClosedEarly, Outcome.CLOSED),
    (TimedOut, Outcome.TIMED_OUT),
    (BadAnswer, Outcome.BROKEN),
    (CutShort, Outcome.BROKEN),
)


def outcome(error: UpstreamError) -> Outcome:
    """How an attempt ended that brought no answer."""
    return next(found for kind, found in _OUTCOMES if isinstance(error, kind))


def lesson(marks: Mapping[bytes, bytes]) -> tuple[str, Lesson] | None:
    """The context, and who owns it since when, as a 421 says; None for one that is not of Banyan's protocol."""
    context = marks.get(b"banyan-context", b"").decode("latin-1")
    owner, epoch = marks.get(b"banyan-owner", b"").decode("latin-1"), marks.get(b"banyan-epoch", b"")
    if not context or owner not in _OWNERS or not epoch.isdigit():
        return None
    return context, Lesson(int(epoch), Owner(owner))


def retry_after(value: bytes, wall: float) -> float:
    """In how many seconds to come again, by a Retry-After field (RFC 9110, 10.2.3): a number of them, or a date; 0 for what is
    neither. `wall`: now, since the epoch.
    """
    if value.isdigit():
        return float(value)
    when = date.read(value)
    return 0.0 if when is None else max(0.0, when - wall)


def refusal(outcome: Outcome, error: UpstreamError | Refused | None, misdirected: str, *, worked: bool) -> Problem:
    """What a client is told that gets no answer. `worked`: an upstream may have worked on the request, at whichever attempt."""
    detail = str(error)
    if outcome is Outcome.MISDIRECTED:
        return problems.between_owners(misdirected)
    if outcome is Outcome.TIMED_OUT:
        return problems.timed_out(detail)
    if worked:
        return problems.no_answer(detail)
    if isinstance(error, Refused):
        return error.problem
    return problems.unreachable(detail)


def broken(error: UpstreamError) -> Problem:
    """What a client is told whose answer broke off before any of it was passed on."""
    return problems.timed_out(str(error)) if isinstance(error, TimedOut) else problems.no_answer(str(error))
