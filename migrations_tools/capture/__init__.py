"""Capture and fence on the monolith's tables, derived from a context's plan; installed at `begin`, dropped at `cancel` and
`complete`.
"""

from typing import Any

import psycopg
from psycopg import errors

from chassis.replica import triggers
from chassis.replica.triggers import CapturedAggregate, CapturedTable
from migrations_tools.plan import Aggregate, ContextPlan, Table

LOCK_WAIT_MS = 200
ATTEMPTS = 50


class TablesBusy(Exception):
    """Writers held the tables for so long that the triggers could not be installed. Nothing was changed."""

    def __init__(self, context: str) -> None:
        super().__init__(
            f"The tables of {context} are held by a long transaction; the triggers could not be installed"
            " without making others wait."
        )


def described(plan: ContextPlan) -> list[CapturedAggregate]:
    """The plan's aggregates as the replica protocol captures them."""
    return [_aggregate(aggregate) for aggregate in plan.aggregates]


def install(connection: psycopg.Connection[Any], plan: ContextPlan) -> None:
    """Install fence and capture on the monolith and switch capture on. Harmless when repeated. Raises `TablesBusy`.

    Making a trigger waits for the transactions that have written to the table already, so no change of theirs goes unseen. While
    it waits, new writers queue behind it: hence the short bound and the repetition.
    """
    _with_short_locks(
        connection,
        plan.context,
        triggers.install_sql(plan.context, "monolith", described(plan)) + f"\nSELECT banyan_capture_{plan.context}(true);",
    )


def drop(connection: psycopg.Connection[Any], plan: ContextPlan) -> None:
    """Remove fence and capture from the monolith, with all that was queued. Harmless when repeated. Raises `TablesBusy`."""
    _with_short_locks(connection, plan.context, triggers.drop_sql(plan.context, described(plan)))


def switch(connection: psycopg.Connection[Any], plan: ContextPlan, *, enabled: bool) -> None:
    """Start or stop recording changes on the side of `connection`; its fence stays. Raises `TablesBusy`."""
    _with_short_locks(connection, plan.context, f"SELECT banyan_capture_{plan.context}({str(enabled).lower()});")


def is_capturing(connection: psycopg.Connection[Any], plan: ContextPlan) -> bool:
    """Whether every table of the context on this side records changes whatever the session's replication role is."""
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE t.tgenabled = 'A') FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        r" WHERE NOT t.tgisinternal AND p.proname LIKE %s",
        (rf"banyan\_captured\_{plan.context}\_%",),
    ).fetchone()
    assert row is not None
    functions = connection.execute(
        "SELECT count(*) FROM pg_proc WHERE proname LIKE %s", (rf"banyan\_captured\_{plan.context}\_%",)
    ).fetchone()
    assert functions is not None
    return bool(row[0] == row[1] == 3 * functions[0] > 0)


def _with_short_locks(connection: psycopg.Connection[Any], context: str, statements: str) -> None:
    for _ in range(ATTEMPTS):
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")
                connection.execute(statements)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            continue
        return
    raise TablesBusy(context)


def _aggregate(aggregate: Aggregate) -> CapturedAggregate:
    return CapturedAggregate(
        aggregate.name,
        _table(aggregate.root),
        tuple(_table(part) for part in aggregate.parts),
        {name: sequence for table in aggregate.tables for name, sequence in _sequence(aggregate, table)},
    )


def _table(table: Table) -> CapturedTable:
    return CapturedTable(table.name, table.aggregate_column)


def _sequence(aggregate: Aggregate, table: Table) -> list[tuple[str, str]]:
    """The logical name is the aggregate's for its root, and `<aggregate>.<part>` for a part; both sides use the same."""
    column = table.sequence_column
    if column is None:
        return []
    name = aggregate.name if table is aggregate.root else f"{aggregate.name}.{table.name.rpartition('_')[2]}"
    return [(name, f"{table.name}_{column}_seq")]
