"""The journal."""

from pathlib import Path

import pytest

from migrations_tools.demo.ledger import ledger
from migrations_tools.demo.record import Begun, Closed, Ended, Journal, Opened, Outcome, Tail, entries

BEGUN = Begun(1, 10.0, "change profile", "a@x", {"nickname": "r-1"})
ENDED = Ended(1, 10.0, "change profile", "a@x", Outcome.ACKNOWLEDGED, 200, 0.01, write=True, sets={"nickname": "r-1"})


def test_entries_come_back_as_they_went(tmp_path: Path) -> None:
    """What is read is what was written, in its order."""
    written = [Opened(9.0, "r", 120.0, 1), BEGUN, ENDED, Closed(20.0, 1.5)]
    with Journal(tmp_path / "deep" / "load.ndjson") as journal:
        for entry in written:
            journal.append(entry)
    assert list(entries(tmp_path / "deep" / "load.ndjson")) == written


def test_a_tail_gives_each_entry_once(tmp_path: Path) -> None:
    """Who watches a growing journal sees every entry, once, and needs no file at first."""
    path = tmp_path / "load.ndjson"
    tail = Tail(path)
    assert list(tail.entries()) == []
    with Journal(path) as journal:
        journal.append(BEGUN)
        assert list(tail.entries()) == [BEGUN]
        journal.append(ENDED)
        assert list(tail.entries()) == [ENDED]
        assert list(tail.entries()) == []


def test_a_torn_line_is_left_for_later(tmp_path: Path) -> None:
    """A line that is half written when it is read, or when the generator died, is not taken for an entry."""
    path = tmp_path / "load.ndjson"
    with Journal(path) as journal:
        journal.append(BEGUN)
    with path.open("ab") as file:
        file.write(b'{"is": "en')
    assert list(entries(path)) == [BEGUN]


def test_no_journal_is_no_run(tmp_path: Path) -> None:
    """A missing journal fails loudly: an empty one would prove anything."""
    with pytest.raises(FileNotFoundError):
        list(entries(tmp_path / "none"))


def test_a_write_without_an_end_is_unclear() -> None:
    """A generator that was killed leaves begun writes; they may have been done, so their values are possible."""
    book = ledger([BEGUN, ENDED, Begun(2, 11.0, "change profile", "a@x", {"nickname": "r-2"})])
    assert book.unclear_writes == 1
    for value in ("r-1", "r-2"):
        assert not book.customers["a@x"].missing({"nickname": value}, ["nickname"])
    assert book.customers["a@x"].missing({"nickname": "r-3"}, ["nickname"])
