"""How a comparison walks through the keys of both sides: pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys `low`..`high`, both included, of which `keys` exist on either side. `last`: nothing is
    known above.
    """

    low: int
    high: int
    keys: tuple[int, ...]
    last: bool


def next_range(after: int, source: Sequence[int], target: Sequence[int], limit: int) -> KeyRange | None:
    """The range above `after` that both sides' pages of up to `limit` keys cover; None when neither has any.

    A side whose page is full may have more keys above its last one, so the range ends there: a key
    that only the other side has is then met in a later range, not missed and not taken for absent.
    """
    if not source and not target:
        return None
    full = [page[-1] for page in (source, target) if len(page) >= limit]
    high = min(full) if full else max(page[-1] for page in (source, target) if page)
    keys = tuple(sorted(key for key in {*source, *target} if key <= high))
    return KeyRange(after + 1, high, keys, last=not full)


def split(whole: KeyRange, size: int) -> Iterator[KeyRange]:
    """The range in parts of at most `size` known keys; together they cover exactly what it covers."""
    low = whole.low
    for start in range(0, len(whole.keys), size):
        keys = whole.keys[start : start + size]
        ends = start + size >= len(whole.keys)
        high = whole.high if ends else keys[-1]
        yield KeyRange(low, high, keys, last=whole.last and ends)
        low = high + 1
