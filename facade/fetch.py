"""A small request of the facade's own: for the route feed, and for the comparisons of the shadow.

It is sent once, holds the whole answer in memory, and refuses one that is larger than it was told to expect.
"""

from dataclasses import dataclass
from time import monotonic

from facade.failures import BadAnswer
from facade.headers import Outbound
from facade.pool import Pool
from facade.upstream import Connection

_WHOLE = 60.0
"""Seconds until the end of an answer, however much is said meanwhile."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer."""

    status: int
    headers: Outbound
    body: bytes


async def get(pool: Pool, target: bytes, lines: bytes, *, timeout: float, limit: int) -> Fetched:
    """GET `target` with the header `lines` (each ended by CRLF). `timeout` is for a connection, and for each silence.

    Raises `UpstreamError`.
    """
    connection = pool.idle(certain=True) or await pool.connect(timeout)
    try:
        head = b"GET %b HTTP/1.1\r\n%b\r\n" % (target, lines)
        connection.begin(head, head_only=False, until=monotonic() + _WHOLE)
        await connection.head(timeout)
        return Fetched(connection.status, connection.headers, await whole(connection, timeout, limit))
    finally:
        pool.release(connection)


async def whole(connection: Connection, timeout: float, limit: int) -> bytes:
    """The body of an answer whose head has come. `timeout` is for each silence. Raises `UpstreamError`."""
    parts: list[bytes] = []
    size = 0
    while part := await connection.body(timeout):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise BadAnswer(f"an answer of more than {limit} bytes")
    return b"".join(parts)
