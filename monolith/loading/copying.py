"""Writes the rows of a page: COPY into an unconstrained temporary table, then one INSERT that leaves
existing rows alone.

It never updates, deletes or truncates a real table, so triggers on it see nothing but the rows that are
new. It refuses, with `Collision`, a row whose key belongs to a different row already.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection, Cursor
from psycopg.errors import UniqueViolation
from psycopg.sql import SQL, Composed, Identifier

from monolith.loading.errors import Collision
from monolith.loading.rows import Row
from monolith.loading.tables import TABLES, Table


@dataclass(frozen=True)
class Written:
    """Rows of a page that were new, and rows that were there already."""

    inserted: int
    present: int


def prepare(connection: Connection) -> None:
    """Create this session's staging tables, empty after every transaction."""
    for table in TABLES:
        connection.execute(
            SQL("CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA").format(
                Identifier(table.staging), _names(table.columns), Identifier(table.name)
            )
        )


def write(cursor: Cursor, table: Table, rows: Sequence[Row]) -> Written:
    """Write `rows` in the caller's transaction. Raises `Collision`."""
    copy = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table.staging), _names(table.columns))
    with cursor.copy(copy) as target:
        for row in rows:
            target.write_row(row)
    try:
        cursor.execute(_insert(table))
    except UniqueViolation as violation:
        raise Collision(table.name, violation.diag.message_detail or str(violation)) from violation
    inserted = cursor.rowcount
    if inserted < len(rows):
        _refuse_strangers(cursor, table)
    return Written(inserted, len(rows) - inserted)


def raise_sequence(cursor: Cursor, table: Table) -> None:
    """Move the table's sequence past its largest id; it is never moved back.

    Run in each page's transaction, so that a registration during a load, or after one that was killed, gets
    a free id.
    """
    if not table.has_sequence:
        return
    cursor.execute(
        SQL(
            "SELECT setval(s.name, m.top) FROM (SELECT pg_get_serial_sequence({table_text}, 'id')::regclass AS name) s,"
            " LATERAL (SELECT max(id) AS top FROM {table}) m WHERE m.top > coalesce(pg_sequence_last_value(s.name), 0)"
        ).format(table_text=table.name, table=Identifier(table.name))
    )


def _insert(table: Table) -> Composed:
    return SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {} ON CONFLICT ({}) DO NOTHING").format(
        Identifier(table.name), Identifier(table.staging), _names(table.key), columns=_names(table.columns)
    )


def _refuse_strangers(cursor: Cursor, table: Table) -> None:
    """Rows that were not inserted must be there as themselves, not as another row with their key, nor twice
    in the page.
    """
    stage, target = Identifier(table.staging), Identifier(table.name)
    cursor.execute(
        SQL("SELECT {key} FROM {stage} GROUP BY {key} HAVING count(*) > 1 LIMIT 1").format(key=_names(table.key), stage=stage)
    )
    if twice := cursor.fetchone():
        raise Collision(table.name, f"the input holds {_pair(table.key, twice)} twice")
    cursor.execute(
        SQL("SELECT {key} FROM {stage} s WHERE NOT EXISTS (SELECT FROM {target} t WHERE ({there}) = ({here})) LIMIT 1").format(
            key=_names(table.key, "s"),
            stage=stage,
            target=target,
            there=_names(table.same, "t"),
            here=_names(table.same, "s"),
        )
    )
    if stranger := cursor.fetchone():
        raise Collision(table.name, f"{_pair(table.key, stranger)} is there already and is another row")


def _names(columns: Sequence[str], alias: str | None = None) -> Composed:
    return SQL(", ").join(Identifier(alias, column) if alias else Identifier(column) for column in columns)


def _pair(key: Sequence[str], values: Sequence[object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
