"""How long to wait before a crashed process is started again."""

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 10.0
STEADY_SECONDS = 10.0


def delay(crashes: int, longest: float = LONGEST_SECONDS) -> float:
    """Seconds to wait after the n-th crash in a row (from 1): doubling, up to the longest."""
    return float(min(longest, FIRST_SECONDS * 2 ** min(crashes - 1, 10)))


def in_a_row(crashes: int, lived_seconds: float) -> int:
    """The count with this crash in it: a process that lived for ten seconds starts a new row."""
    return 1 if lived_seconds >= STEADY_SECONDS else crashes + 1
