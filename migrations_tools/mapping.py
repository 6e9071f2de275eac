"""Which columns a plan really moves, observed: one sample row a table goes through both translations,
and what they read and write is noted.

A list of columns kept by hand would drift from the code; what was observed cannot.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from migrations_tools.plan import Aggregate, resolve

SAMPLES: Final[Mapping[str, Any]] = {
    "boolean": True,
    "date": dt.date(2026, 1, 2),
    "double precision": 1.5,
    "integer": 1,
    "bigint": 1,
    "smallint": 1,
    "jsonb": {},
    "numeric": Decimal(1),
    "timestamp with time zone": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    "uuid": UUID(int=1),
}
"""A value that is not blank for each type of column; anything else is text."""

Columns = Mapping[str, Mapping[str, str]]
"""{table: {column: its PostgreSQL type}}"""


@dataclass(slots=True)
class Observed:
    """What the translations read of each table and write to it; `errors` are their failures."""

    read: dict[str, set[str]] = field(default_factory=dict)
    written: dict[str, set[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class _Row(dict[str, Any]):
    """A row that notes what is asked of it. A column that it lacks is noted too, and answered with text."""

    def __init__(self, values: Mapping[str, Any], asked: set[str]) -> None:
        super().__init__(values)
        self._asked = asked

    def __getitem__(self, column: str) -> Any:
        self._asked.add(column)
        return super().get(column, "x")

    def get(self, column: str, _default: Any = None) -> Any:
        return self[column]


def observe(aggregate: Aggregate, columns: Columns) -> Observed:
    """Send a sample through `to_service` and `to_legacy`."""
    seen = Observed(read={table.name: set() for table in aggregate.tables})
    legacy: dict[str, Any] = {}
    for table in aggregate.tables:
        values = {column: SAMPLES.get(kind, "x") for column, kind in columns.get(table.name, {}).items()}
        row = _Row(values, seen.read[table.name])
        legacy[table.name] = row if table is aggregate.root else [row]
    document = _attempted(aggregate.to_service, legacy, seen)
    if document is None:
        return seen
    for table, rows in (_attempted(aggregate.to_legacy, document, seen) or {}).items():
        for row in rows if isinstance(rows, list) else [rows]:
            seen.written.setdefault(table, set()).update(row)
    return seen


def _attempted(reference: str, argument: Any, seen: Observed) -> Any:
    try:
        translate: Callable[[Any], Any] = resolve(reference)
    except (ImportError, AttributeError) as error:
        seen.errors.append(f"{reference} cannot be imported: {error}")
        return None
    try:
        return translate(argument)
    except Exception as error:  # noqa: BLE001 - whatever a translation raises is a finding, beside the others
        seen.errors.append(f"{reference} fails on a sample row: {error!r}")
        return None


def findings(aggregate: Aggregate, columns: Columns) -> Iterator[str]:
    """Everything in which the aggregate's declaration, its translations and the real columns disagree."""
    seen = observe(aggregate, columns)
    yield from seen.errors
    for table in aggregate.tables:
        name = table.name
        if name not in columns:
            yield f"{name} is no table of the monolith"
            continue
        real = set(columns[name])
        excused = {column.partition(".")[2] for column in aggregate.not_migrated if column.partition(".")[0] == name}
        declared = {*table.key_columns, table.aggregate_column}
        read, written = seen.read[name], seen.written.get(name, set())
        yield from _about(name, declared - real, "is declared in the plan, and there is no such column")
        yield from _about(name, excused - real, "is excused in the plan, and there is no such column")
        yield from _about(name, (read | written) - real, "is used by the translation, and there is no such column")
        yield from _about(name, read & excused, "is excused in the plan, and yet translated")
        yield from _about(name, real - read - written - excused, "is neither translated nor excused by not_migrated")
        if not seen.errors:
            yield from _about(name, (real & read) - written - excused, "goes to the service and does not come back (to_legacy)")
            # A part's foreign key is its root's key: it need not be read to be known.
            derived = {table.aggregate_column} if table.fk else set()
            yield from _about(name, (real & written) - read - derived, "comes back (to_legacy) and never goes to the service")


def _about(table: str, columns: set[str], what: str) -> Iterator[str]:
    yield from (f"{table}.{column} {what}" for column in sorted(columns))
