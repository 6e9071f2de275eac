"""The memory's load stands for an hour, and growth anywhere in it is seen."""

import pytest

from benchmarks.gateway import memory
from benchmarks.gateway.bench import FLAT, Sizes
from benchmarks.gateway.memory import Piece


def _pieces(*mebibytes: float) -> list[Piece]:
    """Of a hundred requests each."""
    return [Piece(number * 100, held) for number, held in enumerate(mebibytes, 1)]


def test_the_count_is_more_than_an_hour() -> None:
    """2,000,000 requests at scale 1, where an hour at 500 a second has 1,800,000."""
    assert memory.HOUR == 1_800_000
    assert Sizes.of(1.0).requests == 2_000_000 >= memory.HOUR


def test_the_beginning_is_warm() -> None:
    """What is filled by the first twentieth of the requests is no growth."""
    assert memory.grown(_pieces(50, *[100.0] * 39)) == 1.0


@pytest.mark.parametrize("mebibytes", [(100, 105, 115), (100, 115, 100)], ids=["at the end", "in the middle"])
def test_growth_misses_the_bound(mebibytes: tuple[float, ...]) -> None:
    """Also what was given back: flat is flat."""
    assert memory.grown(_pieces(*mebibytes)) == pytest.approx(1.15)
    assert FLAT < 1.15
