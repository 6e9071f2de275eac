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


@dataclass(frozen=True, slots=True)
class Taken:
    """Identities of one lane and aggregate that may be read now. `rows` are the queue's (priority, id) that they stand for."""

    aggregate: str
    lane: int
    keys: tuple[int, ...]
    rows: tuple[tuple[int, int], ...]
    sequence: int
    horizon: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """`pending` rows, the `oldest_seconds` since the first of them, `parked` aggregates and those `retrying`."""

    pending: int
    oldest_seconds: float
    parked: int
    retrying: int


_TAKE = """
SELECT o.aggregate, o.key, o.priority, o.id FROM banyan_outbox o
WHERE o.context = %(context)s AND o.lane = %(lane)s
  AND (%(final)s OR o.xid < pg_snapshot_xmin(pg_current_snapshot()))
  AND NOT EXISTS (
      SELECT 1 FROM banyan_retry r WHERE r.context = o.context AND r.aggregate = o.aggregate AND r.key = o.key
      AND (r.parked OR (r.not_before > clock_timestamp() AND NOT %(final)s)))
ORDER BY o.priority, o.id LIMIT %(limit)s
"""

_HORIZON = """
SELECT least(
    (SELECT xid FROM banyan_outbox WHERE context = %s ORDER BY xid LIMIT 1),
    pg_snapshot_xmin(pg_current_snapshot())
)::text::bigint
"""


def take(connection: psycopg.Connection[Any], context: str, lane: int, limit: int, *, final: bool = False) -> list[Taken]:
    """Up to `limit` queue rows of a lane, grouped by aggregate. The caller holds the lane's lock.

    The sequence number is drawn before anything is read, under the lane's lock: of two batches of a lane, the one with the higher
    number has read later.
    """
    row = connection.execute("SELECT nextval('banyan_batch')").fetchone()
    assert row is not None
    rows = connection.execute(_TAKE, {"context": context, "lane": lane, "final": final, "limit": limit}).fetchall()
    if not rows:
        return []
    grouped: dict[str, tuple[dict[int, None], list[tuple[int, int]]]] = {}
    for aggregate, key, priority, number in rows:
        keys, numbers = grouped.setdefault(aggregate, ({}, []))
        keys[key] = None
        numbers.append((priority, number))
    reached = horizon(connection, context)
    return [
        Taken(aggregate, lane, tuple(keys), tuple(numbers), row[0], reached) for aggregate, (keys, numbers) in grouped.items()
    ]


def horizon(connection: psycopg.Connection[Any], context: str) -> int:
    """The transaction id below which everything captured for `context` has been applied to the other side."""
    row = connection.execute(_HORIZON, (context,)).fetchone()
    assert row is not None
    return int(row[0])


def delete(connection: psycopg.Connection[Any], context: str, lane: int, rows: Sequence[tuple[int, int]]) -> None:
    """Remove rows that were applied. The same session must still hold the lane's lock."""
    connection.execute(
        "DELETE FROM banyan_outbox o USING unnest(%s::smallint[], %s::bigint[]) AS done(priority, id)"
        " WHERE o.context = %s AND o.lane = %s AND o.priority = done.priority AND o.id = done.id",
        ([priority for priority, _ in rows], [number for _, number in rows], context, lane),
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


def lanes_with_work(connection: psycopg.Connection[Any], context: str) -> set[int]:
    """The lanes that have anything queued, taken or not."""
    rows = connection.execute(
        "SELECT lane FROM generate_series(0, %s) AS lane WHERE EXISTS ("
        " SELECT 1 FROM banyan_outbox o WHERE o.context = %s AND o.lane = lane.lane)",
        (LANES - 1, context),
    ).fetchall()
    return {row[0] for row in rows}


def is_empty(connection: psycopg.Connection[Any], context: str) -> bool:
    """Whether nothing at all is queued for `context`, parked aggregates included."""
    row = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM banyan_outbox WHERE context = %s)", (context,)).fetchone()
    return bool(row and row[0])


def backlog(connection: psycopg.Connection[Any], context: str) -> Backlog:
    """How much is queued and how old it is; live changes only for the age, since a backfill is not lag."""
    row = connection.execute(
        "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(captured_at) FILTER (WHERE priority = 0)), 0)::float8"
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
