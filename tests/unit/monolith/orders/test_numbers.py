"""Order numbers."""

import re
import time

import pytest

from monolith.orders.services import numbers


def test_a_number_fits_and_is_readable() -> None:
    """19 letters and digits, none of which can be taken for another."""
    assert re.fullmatch(r"B[0-9A-HJKMNP-TV-Z]{18}", numbers.next_number())


def test_numbers_are_unlike() -> None:
    """Ten thousand made in a few milliseconds are all different."""
    assert len({numbers.next_number() for _ in range(10_000)}) == 10_000


def test_numbers_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of a later millisecond sorts after one of an earlier, also in a thousand years."""
    made = []
    for millisecond in (1, 1_795_000_000_000, 1_795_000_000_001, 33_000_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda at=millisecond: at * 1_000_000)
        made.append(numbers.next_number())
    assert made == sorted(made)
