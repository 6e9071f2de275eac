"""What a side holds, by keys and key ranges: the reading half of the replica protocol."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from chassis.replica import digest
from chassis.replica.binding import ReplicaBinding, UnknownAggregate


def documents(connection: psycopg.Connection[Any], binding: ReplicaBinding, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The canonical documents of those `keys` that exist, all of one snapshot."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with connection.cursor() as cursor:
            return binding.read(cursor, keys)


def keys(connection: psycopg.Connection[Any], context: str, aggregate: str, after: int, limit: int) -> list[int]:
    """Up to `limit` keys above `after`, ascending (keyset paging)."""
    table, column = _root(connection, context, aggregate)
    query = sql.SQL("SELECT {column} FROM {table} WHERE {column} > %s ORDER BY {column} LIMIT %s")
    rows = connection.execute(query.format(table=table, column=column), (after, limit)).fetchall()
    return [row[0] for row in rows]


def range_digest(connection: psycopg.Connection[Any], binding: ReplicaBinding, low: int, high: int) -> tuple[int, str]:
    """How many aggregates have a key in `low`..`high`, both included, and the digest of their documents."""
    table, column = _root(connection, binding.context, binding.aggregate)
    query = sql.SQL("SELECT {column} FROM {table} WHERE {column} BETWEEN %s AND %s")
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = connection.execute(query.format(table=table, column=column), (low, high)).fetchall()
        with connection.cursor() as cursor:
            found = binding.read(cursor, [row[0] for row in rows])
    return len(found), digest.of(found)


def count(connection: psycopg.Connection[Any], context: str, aggregate: str) -> int:
    """How many aggregates there are."""
    table, _ = _root(connection, context, aggregate)
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    assert row is not None
    return int(row[0])


def _root(connection: psycopg.Connection[Any], context: str, aggregate: str) -> tuple[sql.Identifier, sql.Identifier]:
    row = connection.execute(
        "SELECT root_table, key_column FROM banyan_aggregate WHERE context = %s AND aggregate = %s",
        (context, aggregate),
    ).fetchone()
    if row is None:
        raise UnknownAggregate(context, aggregate)
    return sql.Identifier(row[0]), sql.Identifier(row[1])
