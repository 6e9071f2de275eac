"""Keeping what is about to be dropped: each table as a compressed CSV file, read back before
anything is called safe.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql

from migrations_tools.plan import Table

MANIFEST = "manifest.json"


class ArchiveUnreadable(RuntimeError):
    """What was written does not read back as what was copied; nothing was dropped."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} does not hold what was copied into it: {why}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Archived:
    """One table's file: its name in the folder, the rows in it, and the SHA-256 of the CSV before
    compression.
    """

    table: str
    file: str
    rows: int
    sha256: str


def archive(connection: psycopg.Connection[Any], tables: Sequence[Table], folder: Path) -> list[Archived]:
    """Copy the tables, all of one snapshot, into `folder`, with a manifest, and read them back.
    Raises `ArchiveUnreadable`.
    """
    folder.mkdir(parents=True)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        archived = [_copy(connection, table, folder) for table in tables]
    for one in archived:
        _read_back(one, folder)
    (folder / MANIFEST).write_bytes(orjson.dumps([asdict(one) for one in archived], option=orjson.OPT_INDENT_2))
    return archived


def _copy(connection: psycopg.Connection[Any], table: Table, folder: Path) -> Archived:
    name, digest = f"{table.name}.csv.gz", hashlib.sha256()
    query = sql.SQL("COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.key_columns))
    )
    with gzip.open(folder / name, "wb") as file, connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            for block in copy:
                digest.update(block)
                file.write(block)
        rows = cursor.rowcount
    return Archived(table.name, name, rows, digest.hexdigest())


def _read_back(archived: Archived, folder: Path) -> None:
    path, digest = folder / archived.file, hashlib.sha256()
    try:
        with gzip.open(path, "rb") as file:
            rows = sum(1 for _ in csv.reader(_lines(file, digest))) - 1
    except (OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
        raise ArchiveUnreadable(path, str(error)) from error
    if rows != archived.rows:
        raise ArchiveUnreadable(path, f"{rows} rows instead of {archived.rows}")
    if digest.hexdigest() != archived.sha256:
        raise ArchiveUnreadable(path, "its checksum is another one")


def _lines(file: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[str]:
    for line in file:
        digest.update(line)
        yield line.decode()
