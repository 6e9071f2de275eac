"""The exclusive end of the fence: a session-level advisory lock that stops all writers of a context while it changes hands."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors

from chassis.replica.keys import FENCE_CLASS, fence_key


class FenceBusy(Exception):
    """Writers held the fence longer than the bound; they went on undisturbed and the caller may try again later."""

    def __init__(self, context: str, milliseconds: int) -> None:
        super().__init__(f"The writers of {context} did not pause within {milliseconds} ms.")
        self.context = context
        self.milliseconds = milliseconds


@contextmanager
def exclusive(connection: psycopg.Connection[Any], context: str, wait_ms: int, idle_ms: int = 5_000) -> Iterator[None]:
    """Hold the fence of `context` on an autocommit `connection`. Raises `FenceBusy` after `wait_ms`.

    New writers queue behind a waiting exclusive lock, so `wait_ms` bounds what one long transaction can make the others wait. The
    lock belongs to the session: it goes when the process dies, and when the process falls silent for `idle_ms` the server ends
    the session (and a holder that wakes up later finds no session to commit in).
    """
    key = (FENCE_CLASS, fence_key(context))
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{wait_ms}ms",))
    connection.execute("SELECT set_config('idle_session_timeout', %s, false)", (f"{idle_ms}ms",))
    try:
        connection.execute("SELECT pg_advisory_lock(%s, %s)", key)
    except errors.LockNotAvailable:
        _reset(connection)
        raise FenceBusy(context, wait_ms) from None
    try:
        yield
    finally:
        # A session that has ended took the lock with it.
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", key)
            _reset(connection)


def _reset(connection: psycopg.Connection[Any]) -> None:
    connection.execute("RESET lock_timeout")
    connection.execute("RESET idle_session_timeout")
