"""What the end of an attempt says of the upstream, and what makes it harmless to repeat the request."""

from typing import Final

from facade.decide import Outcome
from facade.failures import BadAnswer, ClosedEarly, CutShort, TimedOut, Unreachable, UpstreamError

GATEWAY_FAILURES: Final = frozenset({502, 503, 504})
"""Answers that say that the upstream, and not the request, is in trouble."""

_HONOUR_IDEMPOTENCY_KEY: Final[tuple[str, ...]] = ("/api/v1/orders",)
"""Paths whose upstream answers a repeated `Idempotency-Key` with its first answer."""

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


def keeps_once(path: str, key: bytes) -> bool:
    """Whether the upstream carries out a request with this `Idempotency-Key` (b"" without one) once, however often it is sent."""
    return bool(key) and path.rstrip("/") in _HONOUR_IDEMPOTENCY_KEY
