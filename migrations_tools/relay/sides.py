"""The two sides of a moving context, alike for the relay, the backfill, the verifier and the hand-over.

Authority, fence, queue and sequences are SQL in a session of the side's own database (a lock is only as good as the session that
holds it). Documents, keys, digests and applications go through the replica protocol: in this process for the monolith, whose
translations live here, and over HTTP for the service, whose tables nobody else knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import psycopg

from chassis import env
from chassis.replica import authority, outbox, store
from chassis.replica.apply import StaleBatch, apply, rehearse
from chassis.replica.authority import Misdirected
from chassis.replica.connections import connect, conninfo, pool
from chassis.replica.wire import Answer, Header, decode, encode
from migrations_tools.phases import Direction, Owner
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.bindings import BINDINGS
from migrations_tools.relay.remote import RemoteReplica


class Side(Protocol):
    """One side of one context. Safe to use from several threads."""

    name: authority.Side
    context: str
    url: str

    def connect(self, purpose: str) -> psycopg.Connection[Any]:
        """A session of its own in this side's database, autocommit; `purpose` is seen in `pg_stat_activity`."""
        ...

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        """Up to `limit` keys above `after`, ascending."""
        ...

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        """Count and digest of the documents with keys in `low`..`high`, both included."""
        ...

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The canonical documents of those `keys` that exist, all of one snapshot."""
        ...

    def apply(self, header: Header, documents: Mapping[int, Mapping[str, Any]], keys: Sequence[int]) -> Answer:
        """Apply the state of `keys`, tombstones for those without a document. Raises `Misdirected` for a stale batch."""
        ...

    def rehearse(self, aggregate: str, documents: Mapping[int, Mapping[str, Any]]) -> Answer:
        """Would this side, which owns the context, accept these documents? Changes nothing."""
        ...


class MonolithSide:
    """The side whose tables the plan declares."""

    name: authority.Side = "monolith"

    def __init__(self, context: str, url: str) -> None:
        self.context = context
        self.url = url

    def connect(self, purpose: str) -> psycopg.Connection[Any]:
        return connect(self.url, f"banyan {purpose}")

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        with pool(self.url).connection() as connection:
            return store.keys(connection, self.context, aggregate, after, limit)

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        with pool(self.url).connection() as connection:
            return store.range_digest(connection, self._binding(aggregate), low, high)

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        with pool(self.url).connection() as connection:
            return store.documents(connection, self._binding(aggregate), keys)

    def apply(self, header: Header, documents: Mapping[int, Mapping[str, Any]], keys: Sequence[int]) -> Answer:
        lines = list(decode(encode(keys, documents)))
        with pool(self.url).connection() as connection:
            try:
                return apply(connection, self.name, self._binding(header.aggregate), header, lines)
            except StaleBatch as error:
                raise Misdirected(self.context, error.known.owner, error.known.epoch) from error

    def rehearse(self, aggregate: str, documents: Mapping[int, Mapping[str, Any]]) -> Answer:
        with pool(self.url).connection() as connection:
            return rehearse(connection, self.name, self._binding(aggregate), list(decode(encode(list(documents), documents))))

    def _binding(self, aggregate: str) -> Any:
        return BINDINGS[f"{self.context}.{aggregate}"]


class ServiceSide:
    """The side behind the replica protocol."""

    name: authority.Side = "service"

    def __init__(self, context: str, url: str, remote: RemoteReplica) -> None:
        self.context = context
        self.url = url
        self.remote = remote

    def connect(self, purpose: str) -> psycopg.Connection[Any]:
        return connect(self.url, f"banyan {purpose}")

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        return self.remote.keys(aggregate, after, limit)

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        return self.remote.digest(aggregate, low, high)

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        return self.remote.documents(aggregate, keys)

    def apply(self, header: Header, documents: Mapping[int, Mapping[str, Any]], keys: Sequence[int]) -> Answer:
        return self.remote.apply(header, encode(keys, documents))

    def rehearse(self, aggregate: str, documents: Mapping[int, Mapping[str, Any]]) -> Answer:
        return self.remote.rehearse(aggregate, encode(list(documents), documents))


class Sides:
    """Both sides of a context."""

    def __init__(self, monolith: Side, service: Side) -> None:
        self.monolith = monolith
        self.service = service
        self.context = monolith.context

    def of(self, owner: Owner | authority.Side) -> Side:
        """The side with this name."""
        return self.monolith if owner == "monolith" else self.service

    def source(self, direction: Direction) -> Side:
        return self.of(direction.source)

    def target(self, direction: Direction) -> Side:
        return self.of(direction.target)


def sides(plan: ContextPlan) -> Sides:
    """The sides as this process's environment names them: the Django database `default`, and the service's database and URL."""

    return Sides(
        MonolithSide(plan.context, conninfo("default")),
        ServiceSide(
            plan.context,
            env.database_url(plan.context),
            RemoteReplica(plan.context, env.replica_url(plan.context), env.internal_token()),
        ),
    )


def enqueue(side: Side, aggregate: str, keys: Sequence[int], priority: int = outbox.LIVE) -> None:
    """Queue aggregates on a side as if they had been changed there."""
    with pool(side.url).connection() as connection:
        outbox.enqueue(connection, side.context, aggregate, keys, priority)
