"""Comparisons on a machine that is not quiet: everyone is measured once a round, and ratios are taken within rounds.

What disturbs a round disturbs all who are in it, if not equally. Each round begins with another contender, so that none
always follows the same one.
"""

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from benchmarks.gateway.lineup import Contender

Sample = TypeVar("Sample")


def interleaved(
    contenders: Sequence[Contender],
    rounds: int,
    measure: Callable[[Contender], Sample],
    begin: Callable[[int, str], None] = lambda _number, _name: None,
) -> dict[str, list[Sample]]:
    """Samples by contender's name, one a round. `begin` is told before each: the round, from 1 on, and whose turn it is."""
    found: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        first = number % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            begin(number + 1, contender.name)
            found[contender.name].append(measure(contender))
    return found


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours by theirs, round by round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def spread(values: Sequence[float]) -> list[float]:
    """Median, least and greatest."""
    return [median(values), min(values), max(values)]
