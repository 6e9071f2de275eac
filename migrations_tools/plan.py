"""The one declaration of how a context moves out of the monolith; routes, capture, copy and comparison derive
from it.

Pure: it names code by "module:attribute" and imports none of it until `resolve` is called. It refuses,
when it is loaded and with all errors at once, a declaration that contradicts itself; whether it fits the
real schema is `manage.py check`'s question.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class InvalidPlan(ValueError):
    """A plan contradicts itself. `errors` holds every contradiction, not only the first."""

    def __init__(self, context: str, errors: Sequence[str]) -> None:
        super().__init__(f"the plan of {context!r} is invalid: " + "; ".join(errors))
        self.context = context
        self.errors = tuple(errors)


def resolve(reference: str) -> Any:
    """What a "module:attribute" names, imported now. Raises ImportError or AttributeError when there is no
    such thing.
    """
    module, _, attribute = reference.partition(":")
    return getattr(import_module(module), attribute)


@dataclass(frozen=True, slots=True)
class Route:
    """A public path prefix of the context; `read` are the methods that a canary may send to the
    other side.
    """

    prefix: str
    read: tuple[str, ...] = ("GET", "HEAD")
    sticky_by: Literal["subject", "cookie"] = "subject"

    def errors(self) -> Iterator[str]:
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            yield f"route {self.prefix!r} must start with a slash and end without one"
        for method in sorted(set(self.read) - _METHODS):
            yield f"route {self.prefix!r} reads by {method!r}, which is no HTTP method"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the monolith. `fk` is a part's column that holds its root's key; `sequence` says that the
    database numbers its keys.
    """

    name: str
    key: str | tuple[str, ...] = "id"
    fk: str | None = None
    sequence: bool = True

    @property
    def key_columns(self) -> tuple[str, ...]:
        return (self.key,) if isinstance(self.key, str) else self.key

    @property
    def sequence_column(self) -> str | None:
        """The column whose sequence is handed over with the authority; None where keys come from
        elsewhere.
        """
        return self.key if self.sequence and isinstance(self.key, str) else None

    @property
    def aggregate_column(self) -> str:
        """The column that holds the aggregate's key: the part's foreign key, or the root's own key."""
        return self.fk or self.key_columns[0]

    def errors(self) -> Iterator[str]:
        columns = (*self.key_columns, *((self.fk,) if self.fk else ()))
        for name in (self.name, *columns):
            if not _NAME.fullmatch(name):
                yield f"table {self.name!r}: {name!r} is no plain SQL name"
        if not columns:
            yield f"table {self.name!r} has no key"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What moves, is compared and is locked as one. `not_migrated` maps "table.column" to the reason why it
    stays behind. `cached`: facades keep answers that show it, tagged as `chassis.purging` says.
    """

    name: str
    root: Table
    to_service: str
    to_legacy: str
    parts: tuple[Table, ...] = ()
    not_migrated: Mapping[str, str] = field(default_factory=dict)
    cached: bool = False

    @property
    def tables(self) -> tuple[Table, ...]:
        """The root first, then its parts."""
        return (self.root, *self.parts)

    def errors(self) -> Iterator[str]:
        where = f"aggregate {self.name!r}"
        if not _NAME.fullmatch(self.name):
            yield f"{where} has no plain name"
        if len(self.root.key_columns) != 1 or self.root.fk:
            yield f"{where}: its root {self.root.name!r} needs one key column and no foreign key"
        yield from (f"{where}: its part {part.name!r} names no foreign key" for part in self.parts if not part.fk)
        for table in self.tables:
            yield from table.errors()
        names = {table.name for table in self.tables}
        for column, reason in self.not_migrated.items():
            if column.partition(".")[0] not in names or "." not in column:
                yield f"{where} excuses {column!r}, which is in none of its tables"
            if not reason.strip():
                yield f"{where} excuses {column!r} without a reason"
        for what, reference in (("to_service", self.to_service), ("to_legacy", self.to_legacy)):
            if not _REFERENCE.fullmatch(reference):
                yield f"{where}: {what} is {reference!r}, not 'module:attribute'"


@dataclass(frozen=True, slots=True)
class Gates:
    """The bounds that the gates measure against: aggregates, share of matching reads, samples needed,
    seconds.
    """

    divergent: int = 0
    shadow_match: float = 0.999
    shadow_samples: int = 50
    lag_seconds: float = 2.0

    def errors(self) -> Iterator[str]:
        if self.divergent < 0 or self.shadow_samples < 1 or self.lag_seconds <= 0:
            yield "gates: divergent must be >= 0, shadow_samples >= 1, lag_seconds > 0"
        if not 0 < self.shadow_match <= 1:
            yield f"gates: shadow_match is {self.shadow_match}, not a share between 0 and 1"


@dataclass(frozen=True, slots=True)
class ContextPlan:
    """A context's whole migration. `local` and `gateway` make the two implementations of `port`; the service
    has the context's name.
    """

    context: str
    routes: tuple[Route, ...]
    aggregates: tuple[Aggregate, ...]
    port: str
    local: str
    gateway: str
    gates: Gates = field(default_factory=Gates)

    def __post_init__(self) -> None:
        if errors := tuple(self.errors()):
            raise InvalidPlan(self.context, errors)

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that move, aggregate by aggregate, roots before their parts."""
        return tuple(table for aggregate in self.aggregates for table in aggregate.tables)

    def aggregate(self, name: str) -> Aggregate:
        """One aggregate. Raises KeyError with the names there are."""
        for aggregate in self.aggregates:
            if aggregate.name == name:
                return aggregate
        raise KeyError(f"{self.context} has no aggregate {name!r}; it has {[a.name for a in self.aggregates]}")

    def errors(self) -> Iterator[str]:
        """Every contradiction in the declaration, in its own order."""
        if not _NAME.fullmatch(self.context):
            yield f"context {self.context!r} has no plain name"
        if not self.routes:
            yield "it has no route: nothing could ever be sent to the service"
        if not self.aggregates:
            yield "it has no aggregate: nothing would be moved"
        for route in self.routes:
            yield from route.errors()
        for aggregate in self.aggregates:
            yield from aggregate.errors()
        yield from self.gates.errors()
        yield from (f"table {name!r} is declared twice" for name in _twice([t.name for t in self.tables]))
        yield from (f"route {name!r} is declared twice" for name in _twice([r.prefix for r in self.routes]))
        for what in ("port", "local", "gateway"):
            reference = getattr(self, what)
            if not _REFERENCE.fullmatch(reference):
                yield f"{what} is {reference!r}, not 'module:attribute'"


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
