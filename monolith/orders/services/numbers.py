"""Order numbers: "B", ten characters of the millisecond, eight of chance. They sort by time, and nobody can
guess one.

The letters are Crockford's base 32, which has no I, L, O or U to misread.
"""

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def next_number() -> str:
    """A fresh order number, 19 characters."""
    return "B" + _base32(time.time_ns() // 1_000_000, 10) + _base32(secrets.randbits(40), 8)


def _base32(value: int, width: int) -> str:
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(5 * (width - 1), -1, -5))
