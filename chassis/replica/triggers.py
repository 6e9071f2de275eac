"""The DDL of fence and capture for one context on one side, generated from a description of its tables.

Fence: a statement-level BEFORE trigger takes the context's advisory lock shared and then checks the authority row, so that a
writer either commits before a hand-over or learns of it (SQLSTATE BY421), never slips between.

Capture: statement-level AFTER triggers with transition tables record the identity of every aggregate touched, from old and new
rows both, in the writer's own transaction and under its top-level transaction id. Nothing but identities is recorded.

All triggers are ENABLE ALWAYS: `session_replication_role = replica` must not slip past them. TRUNCATE fires no row or transition
trigger, so it is refused. The relay's own writes carry the transaction-local setting `banyan.applying` and are neither fenced
(the apply takes the lock and checks the authority itself) nor captured (they would come back as an echo).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.replica.keys import FENCE_CLASS, LANES, fence_key


@dataclass(frozen=True, slots=True)
class CapturedTable:
    """A table and the column that holds the key of the aggregate a row belongs to."""

    name: str
    key_column: str


@dataclass(frozen=True, slots=True)
class CapturedAggregate:
    """An aggregate's root table, its parts, and the sequences (logical name -> sequence) that allocate its keys."""

    name: str
    root: CapturedTable
    parts: Sequence[CapturedTable] = ()
    sequences: dict[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> tuple[CapturedTable, ...]:
        return (self.root, *self.parts)


def install_sql(context: str, side: str, aggregates: Sequence[CapturedAggregate]) -> str:
    """SQL that installs the fence and the switch `banyan_capture_<context>(boolean)`; harmless when run again."""
    tables = [(aggregate, table) for aggregate in aggregates for table in aggregate.tables]
    return "\n".join(
        [
            _fence_function(context, side),
            _truncate_function(context),
            *(_capture_function(context, aggregate.name, table) for aggregate, table in tables),
            *(_fence_triggers(context, table) for _, table in tables),
            _switch_function(context, tables),
            *(_registration(context, aggregate) for aggregate in aggregates),
        ]
    )


def drop_sql(context: str, aggregates: Sequence[CapturedAggregate]) -> str:
    """SQL that removes everything `install_sql` made; harmless when run again. The authority row stays, since epochs never go
    back.
    """
    tables = [table for aggregate in aggregates for table in aggregate.tables]
    return "\n".join(
        [
            *(line for table in tables for line in _drop_capture_triggers(table)),
            *(
                f"DROP TRIGGER IF EXISTS banyan_fence ON {table.name};"
                f" DROP TRIGGER IF EXISTS banyan_truncate ON {table.name};"
                f" DROP FUNCTION IF EXISTS {_capture_name(context, table)}();"
                for table in tables
            ),
            f"DROP FUNCTION IF EXISTS banyan_fence_{context}(), banyan_truncate_{context}(), banyan_capture_{context}(boolean);",
            f"DELETE FROM banyan_outbox WHERE context = '{context}';",
            f"DELETE FROM banyan_retry WHERE context = '{context}';",
            f"DELETE FROM banyan_checkpoint WHERE context = '{context}';",
            f"DELETE FROM banyan_aggregate WHERE context = '{context}';",
            f"DELETE FROM banyan_sequence WHERE context = '{context}';",
        ]
    )


def _capture_name(context: str, table: CapturedTable) -> str:
    return f"banyan_captured_{context}_{table.name}"


def _fence_function(context: str, side: str) -> str:
    # Under READ COMMITTED the SELECT takes a snapshot of its own, after the lock was granted. Under the stricter levels it would
    # see the snapshot of the transaction, taken perhaps before the hand-over: FOR SHARE makes such a writer fail (40001)
    # instead.
    return f"""
CREATE OR REPLACE FUNCTION banyan_fence_{context}() RETURNS trigger LANGUAGE plpgsql AS $fence$
DECLARE
    authority record;
BEGIN
    IF current_setting('banyan.applying', true) = '{context}' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared({FENCE_CLASS}, {fence_key(context)});
    IF current_setting('transaction_isolation') = 'read committed' THEN
        SELECT owner, epoch INTO authority FROM banyan_authority WHERE context = '{context}';
    ELSE
        SELECT owner, epoch INTO authority FROM banyan_authority WHERE context = '{context}' FOR SHARE;
    END IF;
    IF authority.owner IS DISTINCT FROM '{side}' THEN
        RAISE EXCEPTION 'the {side} has no authority for the context {context}' USING
            ERRCODE = 'BY421',
            DETAIL = json_build_object('context', '{context}', 'owner', authority.owner, 'epoch', authority.epoch)::text,
            HINT = 'Nothing was executed. Repeat the write at the owner.';
    END IF;
    RETURN NULL;
END $fence$;"""


def _truncate_function(context: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION banyan_truncate_{context}() RETURNS trigger LANGUAGE plpgsql AS $truncate$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % is refused: the context {context} is being moved, and its rows would stay on the other side',
        TG_TABLE_NAME USING ERRCODE = 'BYTRU', HINT = 'Use DELETE, which is captured.';
END $truncate$;"""


def _capture_function(context: str, aggregate: str, table: CapturedTable) -> str:
    key = table.key_column
    return f"""
CREATE OR REPLACE FUNCTION {_capture_name(context, table)}() RETURNS trigger LANGUAGE plpgsql AS $capture$
BEGIN
    IF current_setting('banyan.applying', true) = '{context}' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO banyan_outbox (context, lane, aggregate, key)
        SELECT DISTINCT '{context}', {key} % {LANES}, '{aggregate}', {key} FROM new_rows WHERE {key} IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO banyan_outbox (context, lane, aggregate, key)
        SELECT DISTINCT '{context}', {key} % {LANES}, '{aggregate}', {key} FROM old_rows WHERE {key} IS NOT NULL;
    ELSE
        INSERT INTO banyan_outbox (context, lane, aggregate, key)
        SELECT '{context}', {key} % {LANES}, '{aggregate}', {key}
        FROM (SELECT {key} FROM old_rows UNION SELECT {key} FROM new_rows) AS touched WHERE {key} IS NOT NULL;
    END IF;
    RETURN NULL;
END $capture$;"""


def _fence_triggers(context: str, table: CapturedTable) -> str:
    name = table.name
    return f"""
CREATE OR REPLACE TRIGGER banyan_fence BEFORE INSERT OR UPDATE OR DELETE ON {name}
    FOR EACH STATEMENT EXECUTE FUNCTION banyan_fence_{context}();
ALTER TABLE {name} ENABLE ALWAYS TRIGGER banyan_fence;
CREATE OR REPLACE TRIGGER banyan_truncate BEFORE TRUNCATE ON {name}
    FOR EACH STATEMENT EXECUTE FUNCTION banyan_truncate_{context}();
ALTER TABLE {name} ENABLE ALWAYS TRIGGER banyan_truncate;"""


_TRANSITIONS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}


def _switch_function(context: str, tables: Sequence[tuple[CapturedAggregate, CapturedTable]]) -> str:
    """A side that only receives needs no capture, and pays nothing for it; the switch is thrown before it gains authority."""
    on = "\n".join(_capture_triggers(context, table) for _, table in tables)
    off = "\n".join(f"        {line}" for _, table in tables for line in _drop_capture_triggers(table))
    return f"""
CREATE OR REPLACE FUNCTION banyan_capture_{context}(enabled boolean) RETURNS void LANGUAGE plpgsql AS $switch$
BEGIN
    IF enabled THEN
{on}
    ELSE
{off}
    END IF;
END $switch$;"""


def _capture_triggers(context: str, table: CapturedTable) -> str:
    return "\n".join(
        f"        CREATE OR REPLACE TRIGGER banyan_capture_{event} AFTER {event.upper()} ON {table.name} {transition}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {_capture_name(context, table)}();\n"
        f"        ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER banyan_capture_{event};"
        for event, transition in _TRANSITIONS.items()
    )


def _drop_capture_triggers(table: CapturedTable) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS banyan_capture_{event} ON {table.name};" for event in _TRANSITIONS]


def _registration(context: str, aggregate: CapturedAggregate) -> str:
    root = aggregate.root
    sequences = "".join(
        f"\nINSERT INTO banyan_sequence (context, name, sequence) VALUES ('{context}', '{name}', '{sequence}')"
        " ON CONFLICT (context, name) DO UPDATE SET sequence = excluded.sequence;"
        for name, sequence in aggregate.sequences.items()
    )
    return f"""
INSERT INTO banyan_aggregate (context, aggregate, root_table, key_column)
VALUES ('{context}', '{aggregate.name}', '{root.name}', '{root.key_column}')
ON CONFLICT (context, aggregate) DO UPDATE SET root_table = excluded.root_table, key_column = excluded.key_column;{sequences}"""
