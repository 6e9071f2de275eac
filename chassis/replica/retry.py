"""Aggregates that the other side refused: each backs off alone, then parks visibly. None is ever dropped.

A conflict over a unique value passes by itself once the other holder's change arrives, so it backs off only briefly and never
parks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 60.0
LONGEST_CONFLICT_PAUSE: Final = 1.0
ATTEMPTS: Final = 8
CONFLICT: Final = "unique"


@dataclass(frozen=True, slots=True)
class Refused:
    """One aggregate that could not be applied. `holders` are the aggregates that have the unique values it needs, if that is
    why.
    """

    key: int
    reason: str
    detail: str
    holders: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Parked:
    """A dead letter: an aggregate that waits until it is replayed."""

    context: str
    aggregate: str
    key: int
    attempts: int
    reason: str
    detail: str


_RECORD = """
INSERT INTO banyan_retry AS r (context, aggregate, key, attempts, not_before, parked, reason, detail)
VALUES (%(context)s, %(aggregate)s, %(key)s, 1, clock_timestamp() + make_interval(secs => %(first)s), false,
        %(reason)s, %(detail)s)
ON CONFLICT (context, aggregate, key) DO UPDATE SET
    attempts = r.attempts + 1,
    not_before = clock_timestamp()
        + make_interval(secs => least(%(first)s * power(2, least(r.attempts, 30)), %(longest)s)::double precision),
    parked = %(may_park)s AND r.attempts + 1 >= %(attempts)s,
    reason = excluded.reason, detail = excluded.detail
"""


def record(connection: psycopg.Connection[Any], context: str, aggregate: str, refused: Sequence[Refused]) -> None:
    """Push each refused aggregate's next attempt further away, doubling, or park it."""
    for one in refused:
        conflict = one.reason == CONFLICT
        connection.execute(
            _RECORD,
            {
                "context": context,
                "aggregate": aggregate,
                "key": one.key,
                "first": FIRST_PAUSE,
                "longest": LONGEST_CONFLICT_PAUSE if conflict else LONGEST_PAUSE,
                "may_park": not conflict,
                "attempts": ATTEMPTS,
                "reason": one.reason,
                "detail": one.detail[:2000],
            },
        )


def forget(connection: psycopg.Connection[Any], context: str, aggregate: str, keys: Sequence[int]) -> None:
    """Clear the record of aggregates that went through."""
    connection.execute(
        "DELETE FROM banyan_retry WHERE context = %s AND aggregate = %s AND key = ANY(%s)",
        (context, aggregate, list(keys)),
    )


def parked(connection: psycopg.Connection[Any], context: str, limit: int = 100) -> list[Parked]:
    """The dead letters of a context, oldest first."""
    rows = connection.execute(
        "SELECT context, aggregate, key, attempts, reason, detail FROM banyan_retry"
        " WHERE context = %s AND parked ORDER BY since LIMIT %s",
        (context, limit),
    ).fetchall()
    return [Parked(*row) for row in rows]


def replay(connection: psycopg.Connection[Any], context: str, keys: Sequence[int] | None = None) -> int:
    """Let parked aggregates (all, or those with `keys`) be tried again at once. Returns how many."""
    cursor = connection.execute(
        "UPDATE banyan_retry SET parked = false, attempts = 0, not_before = clock_timestamp()"
        " WHERE context = %s AND parked AND (%s::bigint[] IS NULL OR key = ANY(%s::bigint[]))",
        (context, keys, keys),
    )
    return cursor.rowcount
