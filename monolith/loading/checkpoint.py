"""Keeps the place of a load in the database it fills, and keeps two loads apart.

A checkpoint is written in the transaction of its page: after kill -9 the two agree, whichever side of the commit it hit.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from psycopg import Connection, Cursor
from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from monolith.loading.errors import AnotherLoad
from monolith.loading.source import RULES_VERSION, Source
from monolith.loading.tally import Tally

LOCK = 0x62616E79616E  # "banyan"; session-level, so it goes with the process
LOCK_PATIENCE = "3s"


@dataclass
class Books:
    """What a stage has done so far: rows per table that were new or there already, over all runs, and its tally."""

    position: int = 0
    inserted: dict[str, int] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def as_json(self) -> dict[str, Any]:
        return {"inserted": self.inserted, "present": self.present, "tally": self.tally.as_json()}


@dataclass(frozen=True)
class LoadRow:
    id: int
    password: str
    started_at: datetime
    finished_at: datetime | None


@contextmanager
def only_load(connection: Connection) -> Iterator[None]:
    """Hold the database's load lock; a second loader is refused with `AnotherLoad`.

    It waits a little first: the server needs a moment to notice that a killed loader is gone.
    """
    try:
        with connection.transaction():
            connection.execute(SQL("SET LOCAL lock_timeout = {}").format(LOCK_PATIENCE))
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    except LockNotAvailable as refusal:
        holder = connection.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (classid::bigint << 32 | objid::bigint) = %s",
            (LOCK,),
        ).fetchone()
        raise AnotherLoad(holder[0] if holder else None) from refusal
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def fingerprint(source: Source) -> tuple[str, Mapping[str, str]]:
    """The identity of a load: source, parameters and the version of the rules."""
    parameters = {**source.parameters(), "rules": str(RULES_VERSION)}
    return sha256(source.name.encode() + orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)).hexdigest(), parameters


def open_load(connection: Connection, source: Source, password: str) -> LoadRow:
    """The load's row, made with `password` (encoded) if this is its first run."""
    key, parameters = fingerprint(source)
    connection.execute(
        "INSERT INTO loading_load (source, fingerprint, parameters, password) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (source, fingerprint) DO NOTHING",
        (source.name, key, Jsonb(dict(parameters)), password),
    )
    row = connection.execute(
        "SELECT id, password, started_at, finished_at FROM loading_load WHERE source = %s AND fingerprint = %s",
        (source.name, key),
    ).fetchone()
    assert row is not None
    return LoadRow(*row)


def restart(connection: Connection, load: LoadRow) -> None:
    """Forget the places of a load, so that every page is offered again."""
    with connection.transaction():
        connection.execute("DELETE FROM loading_checkpoint WHERE load_id = %s", (load.id,))
        connection.execute("UPDATE loading_load SET finished_at = NULL WHERE id = %s", (load.id,))


def read_books(connection: Connection, load: LoadRow) -> dict[str, Books]:
    """The books of each stage that has committed a page."""
    books: dict[str, Books] = {}
    for stage, position, text in connection.execute(
        "SELECT stage, position, books::text FROM loading_checkpoint WHERE load_id = %s", (load.id,)
    ):
        facts = orjson.loads(text)
        books[stage] = Books(position, facts["inserted"], facts["present"], Tally.from_json(facts["tally"]))
    return books


def save(cursor: Cursor, load: LoadRow, stage: str, books: Books) -> None:
    """Write the stage's place in the caller's transaction."""
    cursor.execute(
        "INSERT INTO loading_checkpoint (load_id, stage, position, books) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (load_id, stage) DO UPDATE SET position = excluded.position, books = excluded.books",
        (load.id, stage, books.position, Jsonb(books.as_json())),
    )


def finish(connection: Connection, load: LoadRow) -> None:
    connection.execute("UPDATE loading_load SET finished_at = now() WHERE id = %s", (load.id,))
