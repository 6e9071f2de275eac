"""Dates of HTTP, and the `Date` of answers (RFC 9110, 5.6.7 and 6.6.1): who makes an answer says when, and who passes one on that
has none says when it came.
"""

from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from time import time

from facade.http1.grammar import Pair


@lru_cache(maxsize=512)
def read(value: bytes) -> float | None:
    """A date in any of its three forms, as seconds of the epoch; None for what is none. That of asctime names no zone, and means
    UTC.
    """
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value.decode("latin-1"))
    except (ValueError, OverflowError):
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def now() -> bytes:
    """The date of an answer that is made now; it is spelled out once a second."""
    return _spelled(int(time()))


def line() -> bytes:
    """The same as a header line."""
    return b"date: %b\r\n" % now()


def dated(fields: list[Pair]) -> list[Pair]:
    """These fields, names in lower case, with the date of now unless they have one."""
    return fields if any(name == b"date" for name, _ in fields) else [*fields, (b"date", now())]


@lru_cache(maxsize=1)
def _spelled(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
