"""Passes answers on to the client, no faster than the client takes them.

It refuses to end a broken answer properly: when the upstream breaks off, the client's connection is cut as well, so that half
never looks like the whole.
"""

from typing import Final

from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.failures import ClosedEarly
from facade.headers import Outbound
from facade.reply import Reply
from facade.upstream import SMALL, Connection

_WITHOUT_BODY: Final = frozenset({204, 304})

_STREAMS: Final = frozenset(
    {b"text/event-stream", b"application/x-ndjson", b"application/json-seq", b"multipart/x-mixed-replace"}
)
"""Answers that may never end, of which each part is wanted at once."""


def ends_soon(outbound: Outbound, limit: int) -> bool:
    """Whether to wait for the end of an answer: it has at most `limit` bytes, as far as it says, and is no stream."""
    if outbound.length is not None and outbound.length > limit:
        return False
    return not is_stream(outbound)


def is_stream(outbound: Outbound) -> bool:
    """Whether an answer may never end, by its type."""
    return outbound.get(b"content-type").partition(b";")[0].strip().lower() in _STREAMS


def whole(client: Client, reply: Reply, lines: bytes) -> None:
    """Send an answer of which everything is there. `lines`: its header, without its length."""
    body = reply.body or b""
    if reply.status in _WITHOUT_BODY or (client.no_body and not body):
        length = reply.get(b"content-length")
        client.answer_head(reply.status, lines, int(length) if length and reply.status != 204 else None)
    else:
        client.answer(reply.status, lines, body)


async def stream(connection: Connection, client: Client, reply: Reply, lines: bytes, timeout: float) -> bytes | None:
    """Send an answer whose body is still to come. Returns what the upstream sent, for the shadow, where that is small, else None.

    Raises `UpstreamError` when the answer broke off and `ClientGone` when nobody takes it; then nothing must be sent any more.
    """
    coder = reply.coder
    length = reply.get(b"content-length") if coder is None else b""
    if client.gone:
        raise ClientGone
    client.begin(reply.status, lines, int(length) if length else None)
    copy: list[bytes] = []
    size = 0
    client.on_gone = lambda: connection.fail(ClosedEarly("the client went away in the middle of its answer"))
    while part := await connection.body(timeout):
        size += len(part)
        if size <= SMALL:
            copy.append(part)
        client.send(part if coder is None else coder.feed(part))
        await client.drained()
    if coder is not None:
        client.send(coder.end())
    client.finish()
    return b"".join(copy) if size <= SMALL else None
