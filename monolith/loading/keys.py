"""Public ids that a second run makes again: a UUIDv7 (RFC 9562, 5.7) from the row's time and a hash of its source key."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds of an aware datetime, rounded down, without going through a float."""
    return (moment - EPOCH) // MILLISECOND


def public_id(source_key: str, unix_milliseconds: int) -> str:
    """The UUIDv7 of `source_key` (for example ``"adventureworks/customer/11000"``): its time, then 74 bits of BLAKE2b.

    The same key and time give the same id on every run and machine. Refuses times outside 48 bits with OverflowError.
    """
    digest = int.from_bytes(blake2b(source_key.encode(), digest_size=10).digest(), "big")
    value = unix_milliseconds << 80 | digest & 0x0FFF_3FFF_FFFF_FFFF_FFFF | 0x7000_8000_0000_0000_0000
    text = value.to_bytes(16, "big").hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
