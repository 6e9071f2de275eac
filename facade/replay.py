"""A request's body, and whether it can be sent a second time.

Small bodies are kept in memory; larger ones towards a context that may change hands are spooled to disk before
anything is sent on, up to a limit beyond which they are refused; the rest streams through and can be sent once only.
It refuses a body whose sender went away in the middle: no upstream may take it for whole.
"""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Final, Protocol

from facade import problems
from facade.entrance.wire import ClientGone
from facade.failures import ClosedEarly, UpstreamError
from facade.headers import Inbound
from facade.problems import Problem
from facade.upstream import Connection

log = logging.getLogger(__name__)

_PART: Final = 64 * 1024
_FOREVER: Final = float("inf")


class Source(Protocol):
    """Where a request's body comes from: the client's connection."""

    @property
    def body_complete(self) -> bool: ...

    async def part(self) -> bytes:
        """The next bytes; b"" after the last. Raises `ClientGone`, or `Problem` for a framing that is broken."""


class Body(Protocol):
    """`head` is what goes out with the request's head: its framing header, a blank line, and what is at hand."""

    repeatable: bool
    streams: bool

    def head(self) -> bytes: ...

    async def rest(self, connection: Connection, timeout: float) -> None:
        """Send what `head` did not contain. Raises `ClientGone` or `UpstreamError`."""


class Kept:
    """A body in memory, or none at all (`framed` is False where the request had no framing header)."""

    repeatable = True
    streams = False

    def __init__(self, data: bytes, *, framed: bool) -> None:
        self.data = data
        self._head = b"content-length: %d\r\n\r\n%b" % (len(data), data) if framed else b"\r\n"

    def head(self) -> bytes:
        return self._head

    async def rest(self, connection: Connection, timeout: float) -> None:  # noqa: ARG002 all of it is in `head`
        return


NONE: Final = Kept(b"", framed=False)


class Spooled:
    """A body on disk, in a file that has no name and vanishes with this object."""

    repeatable = True
    streams = True

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 it lives as long as the request
        self._length = 0

    def append(self, data: bytes) -> int:
        """Add a part; the length so far. The page cache takes it, so no thread is used."""
        self._file.write(data)
        self._length += len(data)
        return self._length

    def end(self) -> None:
        """Nothing is added any more."""
        self._file.flush()  # before anything is sent: there may be no room for the last of it

    def head(self) -> bytes:
        self._file.seek(0)
        return b"content-length: %d\r\n\r\n" % self._length

    async def rest(self, connection: Connection, timeout: float) -> None:
        while part := self._file.read(_PART):
            connection.write(part)
            await connection.drained(timeout)


class Streamed:
    """A body that passes through: what was read ahead, then whatever the client still sends. `length` in bytes, or None."""

    repeatable = False
    streams = True

    def __init__(self, ahead: bytes, source: Source, length: int | None) -> None:
        self._ahead = ahead
        self._source = source
        self._chunked = length is None
        self._framing = b"transfer-encoding: chunked\r\n\r\n" if length is None else b"content-length: %d\r\n\r\n" % length

    def head(self) -> bytes:
        return self._framing

    async def rest(self, connection: Connection, timeout: float) -> None:
        self._pass_on(connection, self._ahead)
        while part := await self._source.part():
            self._pass_on(connection, part)
            await connection.drained(timeout)
        if self._chunked:
            connection.write(b"0\r\n\r\n")

    def _pass_on(self, connection: Connection, part: bytes) -> None:
        if part:
            connection.write(b"%x\r\n%b\r\n" % (len(part), part) if self._chunked else part)


async def open_body(inbound: Inbound, source: Source, *, keep: int, spool_limit: int | None, folder: Path) -> Body:
    """The body of a request. `spool_limit` is None where a body that is too large to keep may stream through.

    Raises `ClientGone`, or the 413 problem where it may not and is too large to spool as well, or the 503 one where the disk does
    not take it.
    """
    length = inbound.length
    if length is None and not inbound.chunked:
        return NONE
    if length is not None and length > keep:
        if spool_limit is None:
            return Streamed(b"", source, length)
        if length > spool_limit:
            raise problems.too_large(spool_limit)
    parts: list[bytes] = []
    size = 0
    while size <= keep and (part := await source.part()):
        parts.append(part)
        size += len(part)
    ahead = b"".join(parts)
    if source.body_complete and size <= keep:
        return Kept(ahead, framed=True)
    if spool_limit is None:
        return Streamed(ahead, source, length)
    return await _spool(ahead, source, limit=spool_limit, folder=folder)


async def _spool(ahead: bytes, source: Source, *, limit: int, folder: Path) -> Spooled:
    try:
        body = Spooled(folder)
        size = body.append(ahead)
        while size <= limit and (part := await source.part()):
            size = body.append(part)
        body.end()
    except OSError as error:
        log.error("a body cannot be kept in %s: %s", folder, error)
        raise problems.no_room() from error
    if size > limit:
        raise problems.too_large(limit)
    return body


class Pump:
    """Sends the rest of a body while the answer may already come.

    An upstream that answers before it has read everything (401, 413, an echo) must be heard, not flooded.
    """

    def __init__(self, body: Body, connection: Connection, timeout: float) -> None:
        self._body = body
        self._connection = connection
        self._timeout = timeout
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._body.rest(self._connection, self._timeout)
        except (ClientGone, Problem):
            self._connection.fail(ClosedEarly("the client went away in the middle of its request"))
            raise
        except UpstreamError:
            return  # whoever reads the answer gets the same error from the connection

    async def head(self) -> None:
        """Wait until all is sent or the answer has begun. Raises `ClientGone` or `UpstreamError`."""
        head = asyncio.create_task(self._connection.head(_FOREVER))
        try:
            await asyncio.wait((self._task, head), return_when=asyncio.FIRST_COMPLETED)
        finally:
            head.cancel()
            await asyncio.gather(head, return_exceptions=True)
        if self._task.done():
            self._task.result()

    def stop(self) -> None:
        """Send no more; the connection is not used again unless everything was sent."""
        if not self._task.done():
            self._connection.unfinished = True
            self._task.cancel()
        elif not self._task.cancelled():
            self._task.exception()
