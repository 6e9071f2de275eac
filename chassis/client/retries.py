"""When a call is repeated, and after which pause.

The budget bounds what retries add to the load of a service that is in trouble already: a share of the calls, plus a small reserve
so that a quiet process may retry at all (the retry budget of Twitter's Finagle). The pauses double and are drawn from the whole
interval ("full jitter": M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015).
"""

import random
import threading
from dataclasses import dataclass, field

from chassis.client.errors import CallFailed, Refused

REPEATABLE_ANSWERS = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds: the first, the longest, and how many attempts there are in all."""

    first: float = 0.02
    longest: float = 1.0
    attempts: int = 4

    def pause(self, retry: int, share: float) -> float:
        """The pause before the `retry`-th repetition (from 0); `share` in 0..1 is the jitter."""
        return share * min(self.longest, self.first * 2.0**retry)


@dataclass(slots=True)
class RetryBudget:
    """Tokens that retries spend: each call earns `share` of one, up to `reserve`. Safe between threads."""

    share: float = 0.2
    reserve: float = 10.0
    _tokens: float = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._tokens = self.reserve

    def earn(self) -> None:
        """Count a call."""
        with self._lock:
            self._tokens = min(self.reserve, self._tokens + self.share)

    def spend(self) -> bool:
        """Take a token for a retry; False when there is none left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def may_repeat(failure: CallFailed, *, idempotent: bool) -> bool:
    """Whether repeating can help and cannot harm: never executed, or idempotent and not refused for good."""
    if not failure.executed:
        return True
    if isinstance(failure, Refused) and failure.answer not in REPEATABLE_ANSWERS:
        return False
    return idempotent


def pause_after(failure: CallFailed, backoff: Backoff, retry: int) -> float:
    """Seconds to wait before the next attempt; a service that names a longer time in `Retry-After` gets it."""
    pause = backoff.pause(retry, random.random())  # noqa: S311 - no secret
    asked = failure.retry_after if isinstance(failure, Refused) else None
    return max(pause, float(asked)) if asked and asked.isdigit() else pause
