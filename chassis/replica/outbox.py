"""The queue of captured identities, read by the relay on the side that has authority.

A row may be taken once `xid < pg_snapshot_xmin(pg_current_snapshot())`: then no transaction that could still commit an earlier
change is running. Sequence numbers cannot tell that, since they are drawn before the commit. Under the exclusive fence everything
captured for the context is final, whatever strangers' transactions hold the snapshot back, and `final=True` takes it all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from chassis.replica.keys import LANES

LIVE = 0
BACKFILL = 1


Row = tuple[int, int, int, int]
"""A queue row as taken: lane, priority, id, key."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Identities of one aggregate that may be read now, and the queue's rows that they stand for."""

    aggregate: str
    keys: tuple[int, ...]
    rows: tuple[Row, ...]
    sequence: int
    horizon: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """`pending` rows, the `oldest_seconds` since the first of them, `parked` aggregates and those `retrying`."""

    pending: int
    oldest_seconds: float
    parked: int
    retrying: int


@dataclass(frozen=True, slots=True)
class State:
    """What a relay asks in each round: how many rows wait (counted up to a limit) and how far the horizon is."""

    waiting: int
    horizon: int


_TAKE = """
SELECT o.aggregate, o.lane, o.priority, o.id, o.key FROM banyan_outbox o
WHERE o.context = %(context)s AND o.lane = ANY(%(lanes)s::smallint[])
  AND (%(final)s OR o.xid < pg_snapshot_xmin(pg_current_snapshot()))
  AND NOT EXISTS (
      SELECT 1 FROM banyan_retry r WHERE r.context = o.context AND r.aggregate = o.aggregate AND r.key = o.key
      AND (r.parked OR (r.not_before > clock_timestamp() AND NOT %(final)s)))
ORDER BY o.priority, o.id LIMIT %(limit)s
"""

_HORIZON = """
SELECT least(
    (SELECT xid FROM banyan_outbox WHERE context = %(context)s ORDER BY xid LIMIT 1),
    pg_snapshot_xmin(pg_current_snapshot())
)::text::bigint
"""

_STATE = f"""
SELECT (SELECT count(*) FROM (SELECT 1 FROM banyan_outbox WHERE context = %(context)s LIMIT %(limit)s) AS counted), ({_HORIZON})
"""


def take(
    connection: psycopg.Connection[Any], context: str, lanes: Sequence[int], limit: int, *, final: bool = False
) -> list[Taken]:
    """Up to `limit` queue rows of some lanes, grouped by aggregate. The caller holds the locks of these lanes.

    Each group gets a sequence number, drawn under the lanes' locks before any document is read: of two batches of a lane, the one
    with the higher number has read later.
    """
    rows = connection.execute(_TAKE, {"context": context, "lanes": list(lanes), "final": final, "limit": limit}).fetchall()
    grouped: dict[str, list[Row]] = {}
    for aggregate, *row in rows:
        grouped.setdefault(aggregate, []).append((row[0], row[1], row[2], row[3]))
    return [
        Taken(aggregate, tuple({row[3]: None for row in found}), tuple(found), *_number(connection, context))
        for aggregate, found in grouped.items()
    ]


def rows_of(
    connection: psycopg.Connection[Any], context: str, aggregate: str, keys: Sequence[int], *, final: bool = False
) -> Taken:
    """The given aggregates as if taken, with those of their queue rows that may be taken now."""
    rows = connection.execute(
        "SELECT lane, priority, id, key FROM banyan_outbox WHERE context = %s AND aggregate = %s AND key = ANY(%s)"
        " AND (%s OR xid < pg_snapshot_xmin(pg_current_snapshot()))",
        (context, aggregate, list(keys), final),
    ).fetchall()
    return Taken(aggregate, tuple(keys), tuple(rows), *_number(connection, context))


def _number(connection: psycopg.Connection[Any], context: str) -> tuple[int, int]:
    row = connection.execute(f"SELECT nextval('banyan_batch'), ({_HORIZON})", {"context": context}).fetchone()
    assert row is not None
    return row[0], row[1]


def state(connection: psycopg.Connection[Any], context: str, limit: int) -> State:
    """How many rows are queued, counted up to `limit`, and the horizon."""
    row = connection.execute(_STATE, {"context": context, "limit": limit}).fetchone()
    assert row is not None
    return State(row[0], row[1])


def horizon(connection: psycopg.Connection[Any], context: str) -> int:
    """The transaction id below which everything captured for `context` has been applied to the other side."""
    row = connection.execute(_HORIZON, {"context": context}).fetchone()
    assert row is not None
    return int(row[0])


def delete(connection: psycopg.Connection[Any], context: str, rows: Sequence[Row]) -> None:
    """Remove rows that were applied. The same session must still hold the locks of their lanes."""
    connection.execute(
        "DELETE FROM banyan_outbox o USING unnest(%s::smallint[], %s::smallint[], %s::bigint[]) AS done(lane, priority, id)"
        " WHERE o.context = %s AND o.lane = done.lane AND o.priority = done.priority AND o.id = done.id",
        ([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], context),
    )


def enqueue(
    connection: psycopg.Connection[Any],
    context: str,
    aggregate: str,
    keys: Sequence[int],
    priority: int = BACKFILL,
) -> None:
    """Queue identities as if they had been changed; repeating it is harmless."""
    connection.execute(
        "INSERT INTO banyan_outbox (context, lane, priority, aggregate, key)"
        " SELECT %s, key %% %s, %s, %s, key FROM unnest(%s::bigint[]) AS key",
        (context, LANES, priority, aggregate, list(keys)),
    )


def queued(connection: psycopg.Connection[Any], context: str) -> list[tuple[str, int]]:
    """The aggregates (name, key) that are queued, each once, oldest first."""
    rows = connection.execute(
        "SELECT aggregate, key FROM banyan_outbox WHERE context = %s GROUP BY aggregate, key ORDER BY min(id)", (context,)
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def is_empty(connection: psycopg.Connection[Any], context: str) -> bool:
    """Whether nothing at all is queued for `context`, parked aggregates included."""
    row = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM banyan_outbox WHERE context = %s)", (context,)).fetchone()
    return bool(row and row[0])


def backlog(connection: psycopg.Connection[Any], context: str) -> Backlog:
    """How much is queued and how old it is; live changes only for the age, since a backfill is not lag."""
    row = connection.execute(
        "SELECT count(*), "
        " coalesce(extract(epoch FROM clock_timestamp() - min(captured_at) FILTER (WHERE priority = 0)), 0)::float8"
        " FROM banyan_outbox WHERE context = %s",
        (context,),
    ).fetchone()
    troubled = connection.execute(
        "SELECT count(*) FILTER (WHERE parked), count(*) FILTER (WHERE NOT parked) FROM banyan_retry WHERE context = %s",
        (context,),
    ).fetchone()
    assert row is not None
    assert troubled is not None
    return Backlog(row[0], row[1], troubled[0], troubled[1])
