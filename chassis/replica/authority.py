"""Which side may write for a context. Each database keeps its own row; the fence triggers and every read check it.

An epoch counts the hand-overs of a context and never goes back: a process that slept cannot move authority with an old one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import psycopg
from django.conf import settings
from django.db import connections

Side = Literal["monolith", "service"]
MISDIRECTED_STATE: Final = "BY421"
"""SQLSTATE that the fence trigger raises."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The owner of a context, as one database knows it."""

    context: str
    owner: Side
    epoch: int


class Misdirected(Exception):
    """This side has no authority for the context. Nothing was executed, so the request may be repeated at the owner."""

    def __init__(self, context: str, owner: Side, epoch: int) -> None:
        super().__init__(f"The {owner} has authority for the context {context} since epoch {epoch}.")
        self.context = context
        self.owner = owner
        self.epoch = epoch


def other(side: Side) -> Side:
    """The opposite side."""
    return "service" if side == "monolith" else "monolith"


def read(connection: psycopg.Connection[Any], context: str) -> Authority:
    """The authority row of `context`; without one, the monolith owns it since epoch 0."""
    row = connection.execute("SELECT owner, epoch FROM banyan_authority WHERE context = %s", (context,)).fetchone()
    return Authority(context, row[0], row[1]) if row else Authority(context, "monolith", 0)


def raise_to(connection: psycopg.Connection[Any], target: Authority) -> bool:
    """Set the row to `target` unless it already knows this epoch or a later one. Returns whether it changed."""
    cursor = connection.execute(
        "INSERT INTO banyan_authority (context, owner, epoch) VALUES (%s, %s, %s)"
        " ON CONFLICT (context) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, updated_at = clock_timestamp()"
        " WHERE banyan_authority.epoch < excluded.epoch",
        (target.context, target.owner, target.epoch),
    )
    return cursor.rowcount == 1


def give_up(connection: psycopg.Connection[Any], held: Authority) -> bool:
    """Hand the context to the other side, one epoch up, if this row still is exactly `held`. Returns whether it was."""
    cursor = connection.execute(
        "UPDATE banyan_authority SET owner = %s, epoch = epoch + 1, updated_at = clock_timestamp()"
        " WHERE context = %s AND owner = %s AND epoch = %s",
        (other(held.owner), held.context, held.owner, held.epoch),
    )
    return cursor.rowcount == 1


def of_this_side(context: str, using: str = "default") -> Authority:
    """The authority row as this process's own database has it now (Django connection `using`)."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT owner, epoch FROM banyan_authority WHERE context = %s", [context])
        row = cursor.fetchone()
    return Authority(context, row[0], row[1]) if row else Authority(context, "monolith", 0)


def require(context: str, using: str = "default") -> Authority:
    """The authority of this side for `context`. Raises `Misdirected` when the other side has it.

    Checked before data is read: whatever this client had acknowledged before its request came in was then written here, so the
    answer cannot miss it, even when authority moves a moment later.
    """
    authority = of_this_side(context, using)
    if authority.owner != settings.BANYAN_SIDE:
        raise Misdirected(context, authority.owner, authority.epoch)
    return authority


def misdirected_in(error: BaseException) -> Misdirected | None:
    """The fence's refusal inside an exception chain (Django wraps the driver's errors), or None."""
    for seen in _chain(error):
        if isinstance(seen, Misdirected):
            return seen
        if isinstance(seen, psycopg.Error) and seen.sqlstate == MISDIRECTED_STATE:
            facts = json.loads(seen.diag.message_detail or "{}")
            return Misdirected(facts["context"], cast("Side", facts["owner"] or "monolith"), facts["epoch"] or 0)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Each exception once. A chain can lead back into itself: when a database dies in the middle of a transaction, the failure
    to roll back has the failure before it as its context, and Django names it as its cause as well.
    """
    met: set[int] = set()
    seen: BaseException | None = error
    while seen is not None and id(seen) not in met:
        met.add(id(seen))
        yield seen
        seen = seen.__cause__ or seen.__context__
