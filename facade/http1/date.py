"""The `Date` of answers (RFC 9110, 6.6.1): who makes one says when, and who passes one on that has none says when it came."""

from email.utils import formatdate
from functools import lru_cache
from time import time

from facade.http1.grammar import Pair


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
