"""Public identifiers: UUID version 7 (RFC 9562, section 5.7), ordered by the millisecond in which they were made."""

import os
import time
from uuid import UUID

from django.db.models import Func, UUIDField


def uuid7() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | random
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


class UuidV7(Func):
    """PostgreSQL 18's `uuidv7()`, for rows that are inserted by other means than Django."""

    function = "uuidv7"
    template = "%(function)s()"
    arity = 0
    output_field = UUIDField()
