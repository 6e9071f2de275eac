"""Passes an upstream's answer on to the client, part by part, no faster than the client takes it.

It refuses to end a broken answer properly: when the upstream breaks off, the client's connection is cut as well
(an ASGI server does that to an answer that is never finished), so that half never looks like the whole.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from facade.headers import Outbound
from facade.problems import Problem
from facade.replay import Receive
from facade.upstream import ClosedEarly, Connection

Send = Callable[[Any], Awaitable[None]]

_WATCH_FROM = 256 * 1024
CAPTURED = 64 * 1024
"""The largest body of which a copy is kept for the shadow."""


async def give(connection: Connection, outbound: Outbound, send: Send, receive: Receive | None, timeout: float) -> bytes | None:
    """Send the whole answer. Returns its body when it came in one piece of at most `CAPTURED` bytes, else None.

    `receive` is how a client that goes away is noticed; None while its body is still being read. Raises
    `UpstreamError` when the answer broke off; then nothing must be sent any more.
    """
    if connection.complete:
        body = connection.take()
        if outbound.length is None and connection.status not in (204, 304):
            outbound.passed.append((b"content-length", b"%d" % len(body)))
        await _start(send, connection.status, outbound)
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return body if len(body) <= CAPTURED else None
    await _start(send, connection.status, outbound)
    return await _stream(connection, outbound, send, receive, timeout)


async def refuse(problem: Problem, send: Send, more: list[tuple[bytes, bytes]]) -> None:
    """Answer with a problem, and the headers `more`."""
    body = problem.body()
    await send({"type": "http.response.start", "status": problem.status, "headers": problem.headers(body) + more})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _start(send: Send, status: int, outbound: Outbound) -> Awaitable[None]:
    return send({"type": "http.response.start", "status": status, "headers": outbound.passed})


async def _stream(
    connection: Connection, outbound: Outbound, send: Send, receive: Receive | None, timeout: float
) -> bytes | None:
    length = int(outbound.length) if outbound.length and outbound.length.isdigit() else None
    watch = receive is not None and (length is None or length > _WATCH_FROM)
    watcher = asyncio.create_task(_watch(receive, connection)) if watch and receive else None
    copy: list[bytes] = []
    size = 0
    try:
        while part := await connection.body(timeout):
            size += len(part)
            if size <= CAPTURED:
                copy.append(part)
            await send({"type": "http.response.body", "body": part, "more_body": True})
    finally:
        if watcher is not None:
            watcher.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    return b"".join(copy) if size <= CAPTURED else None


async def _watch(receive: Receive, connection: Connection) -> None:
    """Stop the upstream when the client goes away: sending to a client that is gone raises nothing."""
    while (await receive())["type"] != "http.disconnect":
        pass
    connection.fail(ClosedEarly("the client went away in the middle of its answer"))
