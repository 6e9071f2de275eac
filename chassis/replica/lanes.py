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
    function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    got: list[int] = []
    try:
        for key in keys:
            row = connection.execute(f"SELECT {function}(%s, %s)", (LANE_CLASS, key)).fetchone()
            if row is not None and row[0] is False:
                break
            got.append(key)
        yield len(got) == len(keys)
    finally:
        # A session that has ended took the locks with it.
        with suppress(psycopg.OperationalError):
            for key in got:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LANE_CLASS, key))
