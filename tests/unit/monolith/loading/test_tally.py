"""The books of a load."""

import json

import pytest

from monolith.loading.errors import Unaccounted
from monolith.loading.tally import Tally


def _tally(read: int, **parts: int) -> Tally:
    tally = Tally()
    tally.read["f"] += read
    for name, rows in parts.items():
        tally.count("f", name, rows)
    return tally


def test_a_row_that_no_category_counts_is_found() -> None:
    """A load that lost a row, or counted one twice, does not end well."""
    _tally(3, sales=2, notes=1).settle()
    with pytest.raises(Unaccounted, match="3 rows were read but 2 are accounted for"):
        _tally(3, sales=2).settle()
    with pytest.raises(Unaccounted):
        _tally(3, sales=2, notes=2).settle()
    with pytest.raises(Unaccounted):
        _tally(3).settle()


def test_books_add_up_and_survive_their_checkpoint() -> None:
    """Pages' books are summed, and come back from JSON as they were."""
    total = _tally(3, sales=3)
    total.add(_tally(4, sales=1, notes=3))
    total.rules["kept"] += 2
    back = Tally.from_json(json.loads(json.dumps(total.as_json())))
    assert back == total
    assert back.outcomes["f"] == {"sales": 4, "notes": 3}
    back.settle()
