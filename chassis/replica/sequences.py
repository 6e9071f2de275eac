"""Key allocators change hands with the authority: the gainer goes on above everything that either side ever allocated."""

from typing import Any, Final

import psycopg
from psycopg import sql

GAP: Final = 1_000
"""Keys left free at each hand-over, so that a number drawn before it and never used cannot come back."""


def positions(connection: psycopg.Connection[Any], context: str) -> dict[str, int]:
    """The last number drawn from each registered sequence of `context`, by logical name."""
    rows = connection.execute("SELECT name, sequence FROM banyan_sequence WHERE context = %s", (context,)).fetchall()
    return {name: _last_drawn(connection, sequence) for name, sequence in rows}


def advance(connection: psycopg.Connection[Any], context: str, floors: dict[str, int]) -> dict[str, int]:
    """Set each sequence of `context` past both its own position and the other side's (`floors`), plus the gap.

    Returns the new positions. Raises `KeyError` when the sides have not registered the same sequences.
    """
    rows = connection.execute("SELECT name, sequence FROM banyan_sequence WHERE context = %s", (context,)).fetchall()
    reached: dict[str, int] = {}
    for name, sequence in rows:
        reached[name] = _set_past(connection, sequence, floors[name])
    if missing := floors.keys() - reached.keys():
        raise KeyError(f"not registered on the gaining side: {', '.join(sorted(missing))}")
    return reached


def _set_past(connection: psycopg.Connection[Any], sequence: str, floor: int) -> int:
    """In one statement. With a pause between reading and setting, a hand-over that slept there while another one completed would
    set the gainer's sequence back to where that one had begun, and keys would be drawn twice (`KEYS_SET_BACK` in docs/model).
    """
    query = sql.SQL("SELECT setval(%s::regclass, greatest(last_value, %s) + %s) FROM {}").format(_identifier(sequence))
    row = connection.execute(query, (sequence, floor, GAP)).fetchone()
    assert row is not None
    return int(row[0])


def _last_drawn(connection: psycopg.Connection[Any], sequence: str) -> int:
    """A loader may have set keys by hand above the sequence; it is expected to have moved the sequence too."""
    query = sql.SQL("SELECT last_value FROM {}").format(_identifier(sequence))
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _identifier(sequence: str) -> sql.Identifier:
    return sql.Identifier(*sequence.split("."))
