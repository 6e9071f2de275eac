"""Passes an upstream's answer on to the client, part by part, no faster than the client takes it.

It refuses to end a broken answer properly: when the upstream breaks off, the client's connection is cut as well, so that half
never looks like the whole.
"""

from facade.entrance.client import Client
from facade.problems import Problem
from facade.upstream import SMALL, ClosedEarly, Connection


async def give(connection: Connection, lines: bytes, client: Client, timeout: float) -> bytes | None:
    """Send the whole answer, with the header `lines`. Returns its body for the shadow where that is small, else None.

    Raises `UpstreamError` when the answer broke off and `ClientGone` when nobody takes it; then nothing must be sent any more.
    """
    status = connection.status
    if connection.complete:
        body = connection.take()
        if client.no_body or status in (204, 304):
            client.answer_head(status, lines, connection.headers.length if status != 204 else None)
        else:
            client.answer(status, lines, body)
        return body if len(body) <= SMALL else None
    client.begin(status, lines, connection.headers.length)
    return await _stream(connection, client, timeout)


def refuse(problem: Problem, client: Client, lines: bytes = b"") -> None:
    """Answer with a problem, and the header `lines`."""
    client.answer(problem.status, problem.lines() + lines, problem.body())


async def _stream(connection: Connection, client: Client, timeout: float) -> bytes | None:
    copy: list[bytes] = []
    size = 0
    client.on_gone = lambda: connection.fail(ClosedEarly("the client went away in the middle of its answer"))
    while part := await connection.body(timeout):
        size += len(part)
        if size <= SMALL:
            copy.append(part)
        client.send(part)
        await client.drained()
    client.finish()
    return b"".join(copy) if size <= SMALL else None
