"""Nobody is always measured first, and everybody once a round."""

from dataclasses import dataclass
from typing import cast

import pytest

from benchmarks.gateway.lineup import Contender
from benchmarks.gateway.rounds import interleaved, ratios, spread


@dataclass(frozen=True)
class Named:
    """As much of a contender as rounds look at."""

    name: str


CONTENDERS = cast("list[Contender]", [Named("a"), Named("b"), Named("c")])


def test_each_round_begins_with_another() -> None:
    """A B C, B C A, C A B: the samples stay in the order of the rounds."""
    asked: list[str] = []

    def measure(contender: Contender) -> int:
        asked.append(contender.name)
        return len(asked)

    found = interleaved(CONTENDERS, 3, measure)
    assert "".join(asked) == "abcbcacab"
    assert found == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


def test_ratios_pair_the_rounds() -> None:
    """Also when each round is of another speed; a round that is missing is an error."""
    assert ratios([2, 20, 200], [1, 10, 100]) == [2, 2, 2]
    with pytest.raises(ValueError):
        ratios([1, 2], [1])


def test_the_spread_is_told_with_the_median() -> None:
    """Median, least, greatest."""
    assert spread([3, 1, 2]) == [2, 1, 3]
