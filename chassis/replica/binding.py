"""What a side supplies for each aggregate it keeps: how its documents are read, and the SQL that applies staged ones."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import psycopg
from django.conf import settings
from django.utils.module_loading import import_string


class ReplicaBinding(Protocol):
    """One aggregate on one side.

    `upsert` is a list of set-based statements, run in order within the transaction of a batch. They read the temporary table
    `banyan_stage(key bigint, doc jsonb)`, in which a NULL document is a tombstone; they touch no row of other keys, delete parts
    that vanished, and leave unchanged rows alone. `holders` selects the keys of the aggregates that have a unique value which a
    staged document of another key wants.
    """

    context: str
    aggregate: str

    @property
    def upsert(self) -> tuple[str, ...]: ...

    @property
    def holders(self) -> str: ...

    def read(self, cursor: psycopg.Cursor[Any], keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The canonical documents of those `keys` that exist."""
        ...

    def stage(self, document: bytes) -> bytes:
        """The JSON to stage for a canonical document: itself, or this side's own shape of it."""
        ...


class UnknownAggregate(Exception):
    """This side keeps no replica of the aggregate."""

    def __init__(self, context: str, aggregate: str) -> None:
        super().__init__(f"This side keeps no aggregate {aggregate!r} of a context {context!r}.")


@cache
def binding(context: str, aggregate: str) -> ReplicaBinding:
    """The binding of an aggregate in the mapping "<context>.<aggregate>" -> binding that `settings.REPLICA_BINDINGS` names.

    Raises `UnknownAggregate`.
    """
    bindings: Mapping[str, ReplicaBinding] = import_string(settings.REPLICA_BINDINGS)
    try:
        return bindings[f"{context}.{aggregate}"]
    except KeyError:
        raise UnknownAggregate(context, aggregate) from None
