"""What a journal says was promised: the state that each customer's acknowledged writes add up to, and all that went wrong in view.

It is made from the journal alone, so it is the same whether the generator ended in peace or was killed.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrations_tools.demo.expect import Expectation
from migrations_tools.demo.record import Begun, Drained, Ended, Entry, Opened, Outcome


@dataclass(slots=True)
class Ledger:
    """`customers` by e-mail address; `begun`: every value that a write was begun with, whatever became of it."""

    customers: defaultdict[str, Expectation] = field(default_factory=lambda: defaultdict(Expectation))
    opened: Opened | None = None
    first_at: float | None = None
    drained_at: float | None = None
    requests: int = 0
    acknowledged_writes: int = 0
    unclear_writes: int = 0
    failed: list[Ended] = field(default_factory=list)
    stale: list[Ended] = field(default_factory=list)


def ledger(entries: Iterable[Entry]) -> Ledger:
    """Replay a journal. Writes that have no end count among the unclear ones, like those that got no answer."""
    book, open_writes = Ledger(), dict[int, Begun]()
    for entry in entries:
        match entry:
            case Begun():
                open_writes[entry.n] = entry
                book.first_at = min(entry.at, book.first_at or entry.at)
            case Ended():
                _end(book, entry, open_writes.pop(entry.n, None))
            case Opened():
                book.opened = entry
            case Drained():
                book.drained_at = entry.at
            case _:
                pass
    for begun in open_writes.values():
        _doubt(book, begun)
    return book


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
