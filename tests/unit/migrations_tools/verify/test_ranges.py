"""No key falls between two ranges, on whichever side it is."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from migrations_tools.verify.ranges import KeyRange, next_range, split

KEYS = st.lists(st.integers(-50, 200), unique=True).map(sorted)


@given(source=KEYS, target=KEYS, limit=st.integers(1, 20))
def test_the_ranges_meet_every_key_of_either_side_once(source: list[int], target: list[int], limit: int) -> None:
    """Walking with any page size covers the union of both sides' keys, in order, each once."""
    after, met = -1000, list[int]()
    while True:
        pages = [[key for key in side if key > after][:limit] for side in (source, target)]
        part = next_range(after, *pages, limit)
        if part is None:
            break
        assert part.low == after + 1
        assert all(part.low <= key <= part.high for key in part.keys)
        met += part.keys
        after = part.high
        if part.last:
            break
    assert met == sorted({*source, *target})


@given(keys=KEYS.filter(bool), size=st.integers(1, 30))
def test_parts_cover_exactly_their_range(keys: list[int], size: int) -> None:
    """Splitting leaves no gap for a row that appears between two known keys."""
    whole = KeyRange(keys[0] - 3, keys[-1] + 5, tuple(keys), last=True)
    parts = list(split(whole, size))
    assert parts[0].low == whole.low
    assert parts[-1].high == whole.high
    assert all(one.high + 1 == following.low for one, following in pairwise(parts))
    assert tuple(key for part in parts for key in part.keys) == whole.keys
    assert all(len(part.keys) <= size for part in parts)
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
