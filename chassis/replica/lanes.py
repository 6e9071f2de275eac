"""Locks of the lanes: whoever reads and applies aggregates of a lane holds it, so that one aggregate's applications stay in
order.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from chassis.replica.keys import LANE_CLASS, lane_key


@contextmanager
def held(connection: psycopg.Connection[Any], context: str, lanes: Sequence[int], *, wait: bool = False) -> Iterator[bool]:
    """Hold the locks of `lanes` in this session; yields False, holding none, when somebody else has one of them.

    `wait` waits for them instead (within the session's `lock_timeout`), in ascending order so that two waiters cannot block each
    other.
    """
    keys = [lane_key(context, lane) for lane in sorted(lanes)]
    got = keys  # until an answer says which: a wait that times out half-way keeps those that it had been granted
    try:
        got = _lock(connection, keys, wait=wait)
        yield len(got) == len(keys)
    finally:
        # A session that has ended took the locks with it.
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT pg_advisory_unlock(%s, key) FROM unnest(%s::int[]) AS key", (LANE_CLASS, got))


def _lock(connection: psycopg.Connection[Any], keys: list[int], *, wait: bool) -> list[int]:
    function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    query = f"SELECT key, {function}(%s, key) FROM unnest(%s::int[]) AS key"
    rows = connection.execute(query, (LANE_CLASS, keys)).fetchall()
    return [key for key, granted in rows if granted is not False]
