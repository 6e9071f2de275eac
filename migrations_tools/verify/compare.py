"""Comparing one page of keys: by digest, then part by part, then aggregate by aggregate."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from migrations_tools.verify.ranges import KeyRange, next_range, split
from migrations_tools.verify.sides import Compared, Source
from migrations_tools.verify.suspects import Found, Patience, Verdicts, decide, suspects

PAGE_KEYS: Final = 2000
PART_KEYS: Final = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """The side with authority and the one that mirrors it."""

    source: Source
    target: Compared


@dataclass(frozen=True, slots=True)
class Page:
    """What one range of keys came to; `after` is where the next one begins."""

    after: int
    last: bool
    equal: int = 0
    found: list[Found] = field(default_factory=list)
    undecided: int = 0
    reason: str = ""


def compare_page(pair: Pair, aggregate: str, after: int, limit: int = PAGE_KEYS, patience: Patience | None = None) -> Page:
    """Compare the aggregates with the next `limit` keys above `after`."""
    with ThreadPoolExecutor(2, thread_name_prefix="verify") as both:
        keys = both.map(lambda side: side.keys(aggregate, after, limit), (pair.source, pair.target))
        whole = next_range(after, next(keys), next(keys), limit)
        if whole is None:
            return Page(after, last=True)
        equal, unequal = _drill(both, pair, aggregate, whole)
    verdicts = decide(aggregate, unequal, pair.source, pair.target, patience) if unequal else Verdicts()
    return Page(whole.high, whole.last, equal + verdicts.equal, verdicts.found, len(verdicts.undecided), verdicts.reason)


def _drill(both: ThreadPoolExecutor, pair: Pair, aggregate: str, whole: KeyRange) -> tuple[int, set[int]]:
    """How many aggregates of the range are equal, and the keys of those that are not at first sight."""
    alike, count = _alike(both, pair, aggregate, whole)
    if alike:
        return count, set()
    equal, unequal = 0, set[int]()
    for part in split(whole, PART_KEYS):
        alike, count = _alike(both, pair, aggregate, part)
        if not alike:
            count, keys = suspects(aggregate, part.keys, pair.source, pair.target)
            unequal |= keys
        equal += count
    return equal, unequal


def _alike(both: ThreadPoolExecutor, pair: Pair, aggregate: str, part: KeyRange) -> tuple[bool, int]:
    here, there = both.map(lambda side: side.digest(aggregate, part.low, part.high), (pair.source, pair.target))
    return here == there, here[0]
