"""Copying what was there before capture began: every identity is queued, page by page, and goes the way that live changes go.

One write path means one set of rules about order, conflicts and failures. The page and its checkpoint are one transaction, so a
run that was killed is taken up where it stood, and running it again is harmless. It gives way to live changes: it holds back
while too much is queued, while live changes lag, or while the database is busy. The bounds are re-read with every page, so a run
can be re-tuned.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from chassis.replica import outbox
from chassis.replica.keys import LANES
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.sides import Side

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is: aggregates `queued` of `total`, and those still `waiting` to be applied."""

    aggregate: str
    queued: int
    total: int
    waiting: int

    @property
    def applied(self) -> int:
        return max(0, self.queued - self.waiting)


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished backfill: how many aggregates were queued (`rows`), in how many seconds, and how many of them are parked."""

    rows: int
    seconds: float
    parked: int


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    last_key: int
    done: int
    total: int
    page_rows: int
    max_waiting: int
    max_lag_seconds: float
    max_active: int


def run(
    plan: ContextPlan,
    source: Side,
    *,
    report: Callable[[Progress], None],
    restart: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Queue every aggregate of the context at `source` and wait until all of them have been applied or parked.

    An unfinished run is resumed; a finished one, or one that is to `restart`, begins again. The relay must be running.
    """
    started = clock()
    rows = 0
    with source.connect("backfill") as connection:
        for aggregate in plan.aggregates:
            rows += _fill(connection, plan.context, aggregate.name, report, restart=restart)
        for _ in _waiting(connection, plan.context):
            pass
        parked = outbox.backlog(connection, plan.context).parked
        connection.execute("UPDATE banyan_checkpoint SET finished_at = clock_timestamp() WHERE context = %s", (plan.context,))
    return Summary(rows, clock() - started, parked)


def _fill(
    connection: psycopg.Connection[Any], context: str, aggregate: str, report: Callable[[Progress], None], *, restart: bool
) -> int:
    checkpoint = _begin(connection, context, aggregate, restart=restart)
    page: _Checkpoint | None = checkpoint
    while page is not None:
        checkpoint = page
        for waiting in _giving_way(connection, context, checkpoint):
            report(_progress(aggregate, checkpoint, waiting))
        page = _queue_page(connection, context, aggregate, checkpoint)
    for waiting in _waiting(connection, context):
        report(_progress(aggregate, checkpoint, waiting))
    return checkpoint.done


def _progress(aggregate: str, checkpoint: _Checkpoint, waiting: int) -> Progress:
    return Progress(aggregate, checkpoint.done, checkpoint.total, waiting)


def _begin(connection: psycopg.Connection[Any], context: str, aggregate: str, *, restart: bool) -> _Checkpoint:
    table, _ = _root(connection, context, aggregate)
    with connection.transaction():
        connection.execute(
            "INSERT INTO banyan_checkpoint (context, aggregate) VALUES (%s, %s) ON CONFLICT DO NOTHING", (context, aggregate)
        )
        connection.execute(
            sql.SQL(
                "UPDATE banyan_checkpoint SET last_key = NULL, done = 0, finished_at = NULL, started_at = clock_timestamp(),"
                " total = (SELECT count(*) FROM {table})"
                " WHERE context = %s AND aggregate = %s AND (%s OR finished_at IS NOT NULL OR last_key IS NULL)"
            ).format(table=table),
            (context, aggregate, restart),
        )
    return _read(connection, context, aggregate)


def _read(connection: psycopg.Connection[Any], context: str, aggregate: str) -> _Checkpoint:
    row = connection.execute(
        "SELECT coalesce(last_key, 0), done, total, page_rows, max_waiting, max_lag_seconds, max_active"
        " FROM banyan_checkpoint WHERE context = %s AND aggregate = %s",
        (context, aggregate),
    ).fetchone()
    assert row is not None
    return _Checkpoint(*row)


def _queue_page(connection: psycopg.Connection[Any], context: str, aggregate: str, checkpoint: _Checkpoint) -> _Checkpoint | None:
    """Queue the next page and move the checkpoint, in one transaction; None when there is no further page."""
    table, column = _root(connection, context, aggregate)
    statement = sql.SQL(
        "WITH page AS (SELECT {column} AS key FROM {table} WHERE {column} > %(after)s ORDER BY {column} LIMIT %(rows)s),"
        " queued AS (INSERT INTO banyan_outbox (context, lane, priority, aggregate, key)"
        "   SELECT %(context)s, key %% %(lanes)s, %(priority)s, %(aggregate)s, key FROM page)"
        " UPDATE banyan_checkpoint SET last_key = page.last, done = done + page.rows"
        " FROM (SELECT max(key) AS last, count(*) AS rows FROM page) AS page"
        " WHERE context = %(context)s AND aggregate = %(aggregate)s AND page.rows > 0"
    ).format(table=table, column=column)
    moved = connection.execute(
        statement,
        {
            "after": checkpoint.last_key,
            "rows": checkpoint.page_rows,
            "context": context,
            "lanes": LANES,
            "priority": outbox.BACKFILL,
            "aggregate": aggregate,
        },
    )
    return _read(connection, context, aggregate) if moved.rowcount else None


def _giving_way(connection: psycopg.Connection[Any], context: str, bounds: _Checkpoint) -> Iterator[int]:
    """How many rows wait: at least once, and again until the queue, the lag and the database's load are within bounds."""
    while True:
        backlog = outbox.backlog(connection, context)
        yield backlog.pending
        if (
            backlog.pending <= bounds.max_waiting
            and backlog.oldest_seconds <= bounds.max_lag_seconds
            and _active(connection) <= bounds.max_active
        ):
            return
        time.sleep(POLL_SECONDS)


def _waiting(connection: psycopg.Connection[Any], context: str) -> Iterator[int]:
    """How many backfill rows wait, again and again, until none does but those of aggregates that are parked."""
    query = (
        "SELECT count(*) FROM banyan_outbox o WHERE o.context = %s AND o.priority = %s AND NOT EXISTS ("
        " SELECT 1 FROM banyan_retry r WHERE r.parked AND (r.context, r.aggregate, r.key) = (o.context, o.aggregate, o.key))"
    )
    while True:
        row = connection.execute(query, (context, outbox.BACKFILL)).fetchone()
        assert row is not None
        if row[0] == 0:
            return
        yield row[0]
        time.sleep(POLL_SECONDS)


def _active(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _root(connection: psycopg.Connection[Any], context: str, aggregate: str) -> tuple[sql.Identifier, sql.Identifier]:
    row = connection.execute(
        "SELECT root_table, key_column FROM banyan_aggregate WHERE context = %s AND aggregate = %s", (context, aggregate)
    ).fetchone()
    if row is None:
        raise LookupError(f"{context}.{aggregate} is not captured; run `manage.py context begin {context}` first.")
    return sql.Identifier(row[0]), sql.Identifier(row[1])
