"""One operator at a time on a context: a PostgreSQL session lock in the control database.

The server lets go of it when the holder's connection ends, so a holder that was killed holds
nothing. A second operator is refused with the first one's name, which the holder's connection
carries as its application name.
"""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import Error, connections

from migrations_tools.control.router import DATABASE

_CLASS = 0x6F706572  # the lock's first key, so that no other user of advisory locks is met
_NAME_BYTES = 63  # PostgreSQL cuts application names there


class ContextBusy(RuntimeError):
    """Another operator works on the context. `holder` names that one."""

    def __init__(self, context: str, holder: str) -> None:
        super().__init__(f"{context} is being worked on by {holder}; two at once could undo each other's steps unseen")
        self.context = context
        self.holder = holder


def operator() -> str:
    """Who runs this process, as "user@host"."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


@contextmanager
def operating(context: str, command: str) -> Iterator[None]:
    """Hold the context while the block runs. Raises `ContextBusy` at once when somebody else does."""
    connection: Any = connections[DATABASE].copy(f"{DATABASE}-operator")
    name = f"banyan {operator()} {command} {os.getpid()}"
    options = connection.settings_dict.setdefault("OPTIONS", {})
    connection.settings_dict["OPTIONS"] = {
        **options,
        "application_name": name.encode()[:_NAME_BYTES].decode(errors="ignore"),
        "keepalives_idle": 10,
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_CLASS, context])
            if not cursor.fetchone()[0]:
                raise ContextBusy(context, _holder(cursor, context))
        yield
    finally:
        # A session that merely closes keeps its lock until the server has noticed; the next command would be refused.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        connection.close()


def _holder(cursor: Any, context: str) -> str:
    cursor.execute(
        """SELECT a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
           WHERE l.locktype = 'advisory' AND l.granted AND l.database = (
               SELECT oid FROM pg_database WHERE datname = current_database())
             AND l.classid = %s AND l.objid::bigint = hashtext(%s)::bigint & 4294967295 AND l.objsubid = 2""",
        [_CLASS, context],
    )
    row = cursor.fetchone()
    return f"{row[0] or 'an unnamed session'} (server process {row[1]})" if row else "somebody who has just finished"
