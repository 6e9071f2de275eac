"""Advisory lock keys and lanes: small integers that every participant must compute alike."""

from typing import Final
from zlib import crc32

FENCE_CLASS: Final = 0x62616E79
"""First key of the fence of a context: shared by its writers, exclusive for a hand-over."""

LANE_CLASS: Final = 0x6C616E65
"""First key of a lane: held by whoever reads and applies the lane's aggregates."""

LANES: Final = 4
"""How many lanes a context has. The capture triggers store the lane, so a change needs an empty outbox."""


def signed(name: str) -> int:
    """A stable 32-bit signed integer for a name, as `pg_advisory_lock(int, int)` takes it."""
    value = crc32(name.encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def fence_key(context: str) -> int:
    """Second key of the fence of `context`."""
    return signed(context)


def lane_key(context: str, lane: int) -> int:
    """Second key of one lane of `context`."""
    return signed(f"{context}/{lane}")
