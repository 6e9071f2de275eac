"""Public identifiers: UUID version 7 (RFC 9562, section 5.7), ordered by the quarter of a microsecond in which they were made."""

import os
import time
from uuid import UUID

from django.db.models import Func, UUIDField


def uuid7() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, 12 bits of their fraction (RFC 9562, section 6.2, method 3, as PostgreSQL's
    `uuidv7()` has it), 62 random bits.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0x2 << 62) | random)


class UuidV7(Func):
    """PostgreSQL 18's `uuidv7()`, for rows that are inserted by other means than Django."""

    function = "uuidv7"
    template = "%(function)s()"
    arity = 0
    output_field = UUIDField()
