"""The two sides of a context as a comparison sees them: the replica protocol's, with a look at
the source's queue.
"""

from collections.abc import Sequence
from typing import Any

from chassis.replica import outbox, retry, store
from chassis.replica.connections import pool
from migrations_tools.phases import Direction
from migrations_tools.relay.sides import Side, Sides
from migrations_tools.verify.compare import Pair

_PENDING = "SELECT id, key FROM banyan_outbox WHERE context = %s AND aggregate = %s AND key = ANY(%s)"
_PARKED = "SELECT key FROM banyan_retry WHERE context = %s AND aggregate = %s AND parked AND key = ANY(%s)"


class ComparedSide:
    """One side; what concerns the queue is meant for the side with authority."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        return self._side.keys(aggregate, after, limit)

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        return self._side.digest(aggregate, low, high)

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        return self._side.documents(aggregate, keys) if keys else {}

    def count(self, aggregate: str) -> int:
        with pool(self._side.url).connection() as connection:
            return store.count(connection, self._side.context, aggregate)

    def horizon(self) -> int:
        with pool(self._side.url).connection() as connection:
            return outbox.horizon(connection, self._side.context)

    def pending(self, aggregate: str, keys: Sequence[int]) -> dict[int, int]:
        return dict(self._rows(_PENDING, aggregate, keys))

    def parked(self, aggregate: str, keys: Sequence[int]) -> set[int]:
        return {row[0] for row in self._rows(_PARKED, aggregate, keys)}

    def enqueue(self, aggregate: str, keys: Sequence[int]) -> None:
        with pool(self._side.url).connection() as connection, connection.transaction():
            outbox.enqueue(connection, self._side.context, aggregate, keys, outbox.LIVE)
            retry.replay(connection, self._side.context, keys)  # a parked aggregate would stay where it is

    def _rows(self, query: str, aggregate: str, keys: Sequence[int]) -> list[Any]:
        with pool(self._side.url).connection() as connection:
            return connection.execute(query, (self._side.context, aggregate, list(keys))).fetchall()


def pair(sides: Sides, direction: Direction) -> Pair:
    """The sides, the one that replication flows from first."""
    return Pair(ComparedSide(sides.source(direction)), ComparedSide(sides.target(direction)))
