"""What a journal says was promised: the sum of each customer's acknowledged writes, and all that went wrong in plain view.

It is made from the journal alone, so it is the same whether the generator ended in peace or was killed.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrations_tools.demo.expect import Expectation
from migrations_tools.demo.record import Begun, Ended, Entry, Opened, Outcome


@dataclass(slots=True)
class Ledger:
    """`customers` by e-mail address; `runs`: the tags of the values written; `began`: Unix seconds of the first write."""

    customers: defaultdict[str, Expectation] = field(default_factory=lambda: defaultdict(Expectation))
    runs: list[str] = field(default_factory=list)
    began: float = field(default=math.inf)
    requests: int = 0
    acknowledged_writes: int = 0
    unclear_writes: int = 0
    failed: list[Ended] = field(default_factory=list)
    stale: list[Ended] = field(default_factory=list)


def ledger(*journals: Iterable[Entry]) -> Ledger:
    """Replay journals. Writes that have no end count among the unclear ones, like those that got no answer."""
    book = Ledger()
    for journal in journals:
        _replay(book, journal)
    return book


def _replay(book: Ledger, journal: Iterable[Entry]) -> None:
    open_writes = dict[int, Begun]()
    for entry in journal:
        match entry:
            case Begun():
                open_writes[entry.n] = entry
                book.began = min(book.began, entry.at)
            case Ended():
                _end(book, entry, open_writes.pop(entry.n, None))
            case Opened():
                book.runs.append(entry.run)
            case _:
                pass
    for begun in open_writes.values():
        _doubt(book, begun)


def _end(book: Ledger, ended: Ended, begun: Begun | None) -> None:
    book.requests += 1
    if ended.outcome is Outcome.ACKNOWLEDGED:
        book.acknowledged_writes += ended.write
        book.customers[ended.who].acknowledge(ended.sets)
    elif ended.failed:
        book.failed.append(ended)
        if begun:
            _doubt(book, begun)
    if ended.missing:
        book.stale.append(ended)


def _doubt(book: Ledger, begun: Begun) -> None:
    book.unclear_writes += 1
    book.customers[begun.who].doubt(begun.sets)
