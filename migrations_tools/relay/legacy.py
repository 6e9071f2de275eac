"""The monolith's half of the replica protocol, derived from a plan: its rows read as canonical documents, and the SQL that
merges them.

Nothing of the monolith is imported. Tables are known by the names that the plan declares; their columns and unique constraints
come from whatever Django model has the table, which `manage.py check` holds against the real schema.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import orjson
import psycopg
from django.apps import apps
from django.db.models import Model, UniqueConstraint
from psycopg.rows import dict_row

from migrations_tools.plan import Aggregate, Table, resolve

# Beside the join, so that the staged keys are looked up in the index whatever the planner believes of a temporary table.
_STAGED = "= ANY(ARRAY(SELECT key FROM banyan_stage))"


class LegacyBinding:
    """One aggregate on the monolith's side. Conforms to `chassis.replica.binding.ReplicaBinding`."""

    def __init__(self, context: str, declared: Aggregate) -> None:
        self.context = context
        self.aggregate = declared.name
        self._declared = declared

    def read(self, cursor: psycopg.Cursor[Any], keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The canonical documents of those `keys` that exist: one query a table, then the translation."""
        wanted = list(keys)
        rows = cursor.connection.cursor(row_factory=dict_row, binary=True)
        root, *parts = self._declared.tables
        legacy: dict[int, dict[str, Any]] = {
            row[root.aggregate_column]: {root.name: row, **{part.name: [] for part in parts}}
            for row in rows.execute(self._select[root.name], (wanted,))
        }
        for part in parts:
            name, column = part.name, part.aggregate_column
            for row in rows.execute(self._select[name], (wanted,)):
                legacy[row[column]][name].append(row)
        return {key: self._to_service(shape) for key, shape in legacy.items()}

    def stage(self, document: bytes) -> bytes:
        """The legacy rows of a canonical document, as JSON of `{table: row or rows}`."""
        return orjson.dumps(self._to_legacy(orjson.loads(document)))

    @cached_property
    def upsert(self) -> tuple[str, ...]:
        """Parts that vanished go before the roots that they point to; roots come before new parts."""
        root, *parts = self._declared.tables
        return (
            *(self._delete_part(part) for part in reversed(parts)),
            f"DELETE FROM {root.name} WHERE {root.aggregate_column} = ANY(ARRAY(SELECT key FROM banyan_stage WHERE doc IS NULL))",
            self._merge(root, f"jsonb_populate_record(NULL::{root.name}, s.doc->'{root.name}')"),
            *(self._merge(part, _records(part)) for part in parts),
        )

    @cached_property
    def holders(self) -> str:
        """Keys of aggregates that have a unique value which a staged document of another key wants."""
        return "\nUNION\n".join(
            f"SELECT t.{table.aggregate_column} FROM banyan_stage AS s, {self._staged(table)} AS r, {table.name} AS t"
            f" WHERE s.doc IS NOT NULL AND t.{table.aggregate_column} <> s.key AND "
            + " AND ".join(f"t.{column} = r.{column}" for column in unique)
            for table in self._declared.tables
            for unique in _unique_columns(_model(table))
        )

    @cached_property
    def _to_service(self) -> Any:
        return resolve(self._declared.to_service)

    @cached_property
    def _to_legacy(self) -> Any:
        return resolve(self._declared.to_legacy)

    @cached_property
    def _select(self) -> dict[str, str]:
        return {
            table.name: f"SELECT {', '.join(self._columns(table))} FROM {table.name}"
            f" WHERE {table.aggregate_column} = ANY(%s) ORDER BY {', '.join(table.key_columns)}"
            for table in self._declared.tables
        }

    def _columns(self, table: Table) -> list[str]:
        excused = self._declared.not_migrated
        columns = (field.column for field in _model(table)._meta.concrete_fields)
        return [column for column in columns if column and f"{table.name}.{column}" not in excused]

    def _staged(self, table: Table) -> str:
        root = self._declared.root
        return _records(table) if table is not root else f"jsonb_populate_record(NULL::{root.name}, s.doc->'{root.name}')"

    def _delete_part(self, part: Table) -> str:
        same = " AND ".join(f"r.{column} = t.{column}" for column in part.key_columns)
        return (
            f"DELETE FROM {part.name} AS t USING banyan_stage AS s"
            f" WHERE t.{part.aggregate_column} {_STAGED} AND t.{part.aggregate_column} = s.key"
            f" AND (s.doc IS NULL OR NOT EXISTS (SELECT 1 FROM {_records(part)} AS r WHERE {same}))"
        )

    def _merge(self, table: Table, source: str) -> str:
        columns = self._columns(table)
        others = [column for column in columns if column not in table.key_columns]
        updates = ", ".join(f"{column} = excluded.{column}" for column in others)
        old = ", ".join(f"t.{column}" for column in others)
        new = ", ".join(f"excluded.{column}" for column in others)
        return (
            f"INSERT INTO {table.name} AS t ({', '.join(columns)})"
            f" SELECT {', '.join(f'r.{column}' for column in columns)} FROM banyan_stage AS s, {source} AS r"
            f" WHERE s.doc IS NOT NULL ON CONFLICT ({', '.join(table.key_columns)}) DO UPDATE SET {updates}"
            f" WHERE ({old}) IS DISTINCT FROM ({new})"
        )


def _records(part: Table) -> str:
    return f"jsonb_populate_recordset(NULL::{part.name}, s.doc->'{part.name}')"


def _model(table: Table) -> type[Model]:
    for model in apps.get_models():
        if model._meta.db_table == table.name:
            return model
    raise LookupError(f"No model of this project has the table {table.name!r}.")


def _unique_columns(model: type[Model]) -> Iterator[tuple[str, ...]]:
    columns = {field.name: str(field.column) for field in model._meta.concrete_fields if field.column}
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key and field.column:
            yield (field.column,)
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.fields:
            yield tuple(columns[name] for name in constraint.fields)
