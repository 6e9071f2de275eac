"""When a request must be answered, and what an upstream is told about it.

`Banyan-Timeout` says how many milliseconds the caller will still wait, as everywhere in Banyan: a duration and no time
of day, since clocks differ. A client may claim a time of its own by the same field, longer than the route's up to a
declared maximum. It refuses a claim of nothing; one that cannot be read is no claim.
"""

from functools import lru_cache
from typing import Final

from facade.problems import Problem
from facade.resilience import declared

HEADER: Final = b"banyan-timeout"
_LONGEST: Final = 9


def until(numbers: declared.Deadline, claim: bytes, now: float) -> float:
    """The time (of the clock that `now` is of) by which the request must be answered. `claim` is the client's field, b"" without
    one. Raises `Problem` (504) when the client's time is over already.
    """
    if not claim or len(claim) > _LONGEST or not claim.isdigit():
        return now + numbers.total
    milliseconds = int(claim)
    if milliseconds == 0:
        raise over("the time that the client gave was over before its request was read")
    return now + min(milliseconds / 1000, numbers.most)


def left(deadline: float, now: float) -> float:
    """The seconds until then. Raises `Problem` (504) when there are none."""
    if deadline <= now:
        raise over("there was no time left to ask")
    return deadline - now


def line(deadline: float, now: float) -> bytes:
    """The header line for an upstream. Raises `Problem` (504) when the time is over."""
    milliseconds = int((deadline - now) * 1000)
    if milliseconds <= 0:
        raise over("there was no time left to ask")
    return _line(milliseconds)


@lru_cache(maxsize=4_096)  # most requests are sent in the first milliseconds of the same time
def _line(milliseconds: int) -> bytes:
    return b"%b: %d\r\n" % (HEADER, milliseconds)


def over(detail: str) -> Problem:
    """The refusal of a request whose time is over; nothing was sent."""
    return Problem(504, "deadline-over", "Deadline over", f"nothing was executed: {detail}")
