"""One client's connection: requests in, one after another, answers out, with backpressure both ways.

One task serves it for its whole life. It refuses requests that are not strictly HTTP/1.1, with an answer and the end of the
connection, for nobody can tell where the next request would begin; and it never ends an answer properly that broke off.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import inf
from typing import Final

from facade import headers, problems
from facade.entrance.handler import Handler, Report
from facade.entrance.timeouts import Limits
from facade.entrance.wire import ClientGone, Wire
from facade.headers import Inbound
from facade.http1 import request_line, status_line
from facade.http1.chunks import Chunks
from facade.http1.grammar import LONGEST_HEAD, BadHead
from facade.onward import Onward
from facade.problems import Problem
from facade.strand import Strand

log = logging.getLogger(__name__)

_WORTH_READING: Final = 64 * 1024
"""So much of a body that nobody wanted is read and thrown away, to keep the connection."""
_WORTH_COPYING: Final = 4 * 1024
"""A body of at most so many bytes is joined to its head: one piece is written sooner than two."""
_ENDLESS: Final = 1 << 62
_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE: Final = b"connection: close\r\n"
_CHUNKED: Final = b"transfer-encoding: chunked\r\n"


@lru_cache(maxsize=8_192)
def _length(size: int) -> bytes:
    return b"content-length: %d\r\n" % size


class Client(Wire):
    """`started`: an answer has begun; `no_body`: it will have none (HEAD); `draining`: the next one is the last. `onward` is for
    the handler to keep what upstreams are told of this client.
    """

    __slots__ = (
        "_chunked", "_chunks", "_close", "_expects", "_finished", "_handler", "_idle", "_leaving", "_left", "_limits", "_minor",
        "_report", "draining", "no_body", "onward", "scheme", "started",
    )  # fmt: skip

    def __init__(
        self, handler: Handler, limits: Limits, report: Report, *, on_lost: Callable[[Wire], None], secure: bool = False
    ) -> None:
        super().__init__(on_lost)
        self._handler = handler
        self._limits = limits
        self._report = report
        self._idle = True
        self.scheme = b"https" if secure else b"http"
        self.onward: Onward | None = None
        self.draining = self._leaving = False
        self.patience = limits.body_timeout
        self._reset(1, None)

    def _reset(self, minor: int, inbound: Inbound | None) -> None:
        self._minor = minor
        self._left = (inbound.length or 0) if inbound else 0
        self._chunks = Chunks() if inbound and inbound.chunked else None
        self._close = inbound is not None and (inbound.close or minor == 0)
        self._expects = inbound is not None and inbound.expects and minor > 0
        self.no_body = self._chunked = self._finished = self.started = False

    # ---- what a handler reads

    @property
    def body_complete(self) -> bool:
        """Whether the whole body of the request was given."""
        return self._left == 0 if self._chunks is None else self._chunks.complete

    async def part(self) -> bytes:
        """The next bytes of the request's body; b"" after the last. Raises `ClientGone`, or `Problem` for bad framing."""
        while not self.body_complete:
            if self._expects and not self.started:
                self._expects = False
                self.write(_CONTINUE)
            data = self._take_body()
            if data is not None:
                return data
            if self.gone:
                raise ClientGone
            await self.arrival()
        return b""

    def _take_body(self) -> bytes | None:
        """What has arrived of the body, b"" when that ends it; None when there is nothing yet."""
        buffer = self.buffer
        if not buffer:
            return None
        if self._chunks is None:
            data, self.buffer = buffer[: self._left], buffer[self._left :]
            self._left -= len(data)
        else:
            try:
                data = self._chunks.feed(buffer)
            except BadHead as error:
                self._close = True
                raise problems.malformed(error) from error
            self.buffer = self._chunks.rest
        self.read_on()
        return data if data or self.body_complete else None

    # ---- what a handler says

    def answer(self, status: int, lines: bytes, body: bytes) -> None:
        """A whole answer. `lines`: header lines, without the length."""
        self.answer_parts(status, lines, [body], len(body))

    def answer_parts(self, status: int, lines: bytes, parts: Sequence[bytes | memoryview], length: int) -> None:
        """The same, of a body in parts that have so many bytes together."""
        self.started = self._finished = True
        head = b"%b%b%b%b\r\n" % (status_line.made(status), lines, _length(length), _CLOSE if self._ends() else b"")
        if self.no_body or not length:
            self.write(head)
        elif length <= _WORTH_COPYING:
            self.write(head + b"".join(parts))
        else:
            self.write_all([head, *parts])

    def answer_head(self, status: int, lines: bytes, length: int | None) -> None:
        """A whole answer that has no body by its nature (HEAD, 204, 304); `length` is that of the one it would have."""
        self.started = self._finished = True
        told = _length(length) if length is not None else b""
        self.write(b"%b%b%b%b\r\n" % (status_line.made(status), lines, told, _CLOSE if self._ends() else b""))

    def begin(self, status: int, lines: bytes, length: int | None) -> None:
        """Begin an answer whose body comes in parts; `length` in bytes, None when it is not known yet."""
        self.started = True
        if length is not None:
            framing = _length(length)
        elif self._minor:
            framing, self._chunked = _CHUNKED, True
        else:
            framing, self._close = b"", True
        self.write(b"%b%b%b%b\r\n" % (status_line.made(status), lines, framing, _CLOSE if self._ends() else b""))

    def send(self, part: bytes) -> None:
        """The next part of an answer's body."""
        if part:
            self.write(b"%x\r\n%b\r\n" % (len(part), part) if self._chunked else part)

    def finish(self) -> None:
        """The answer is whole."""
        self._finished = True
        if self._chunked:
            self.write(_LAST_CHUNK)

    def switch(self, lines: bytes) -> None:
        """101: what `part` yields from now on is the other protocol's, and so is what `send` sends."""
        self.started = self._finished = self._close = True
        self._left, self._chunks = _ENDLESS, None
        self.write(b"%b%b\r\n" % (status_line.made(101), lines))

    def _ends(self) -> bool:
        """Whether the connection ends with this answer: nobody reads a long body to keep it, nor one whose sender was not told to
        go on, and may keep it back: the next request might be taken for it.
        """
        worth_reading = self.body_complete or (self._left <= _WORTH_READING and not self._expects)
        if not self._close and (self.draining or not worth_reading):
            self._close = True
        return self._close

    # ---- one request after another

    async def _serve(self) -> None:
        try:
            while not self._close:
                if self._paused:  # or the answers to requests that were sent ahead would pile up
                    await self.drained()
                block = await self._head()
                if block is None:
                    break
                await self._one(block)
        except ClientGone:
            pass
        finally:
            self.leave(whole=self._finished or not self.started, linger=not self.body_complete)

    async def _one(self, head: bytes) -> None:
        first, _, block = head.partition(b"\r\n")
        try:
            line = request_line.parse(first)
            inbound = headers.inbound(block)
            if line.minor and not inbound.host:
                raise BadHead("the host is missing")
            if inbound.chunked and not line.minor:
                raise BadHead("HTTP/1.0 knows no chunks")
        except BadHead as error:
            self._refuse(problems.malformed(error))
            return
        self._reset(line.minor, inbound)
        self.no_body = line.method == "HEAD"
        try:
            answering = self._handler(self, line, inbound)
            if answering is not None:
                await answering
        except ClientGone:
            raise
        except Exception:  # a mistake of ours costs one request, not the connections of all
            log.exception("%s %s could not be handled", line.method, line.path)
            if not self.started:
                self._refuse(problems.mistake())
        finally:
            self.on_gone = None
        if not self._finished:
            self._close = True
        elif not self.body_complete and not self._close:
            await self._skip()

    async def _skip(self) -> None:
        """Read what is left of a body that was answered without it."""
        size = 0
        try:
            while part := await self.part():
                size += len(part)
                if size > _WORTH_READING:
                    self._close = True
                    return
        except Problem:
            self._close = True

    def _refuse(self, problem: Problem) -> None:
        """Answer what is no request; where the next one would begin, nobody can tell."""
        self._report(problem.status)
        self._close = True
        self._left, self._chunks = 1, None
        body = problem.body()
        self.answer(problem.status, problem.lines(), body)

    async def _head(self) -> bytes | None:
        """The next request's head; None when there is none any more."""
        self.started = self._finished = self.no_body = False
        deadline = 0.0
        skipped = False
        while True:
            buffer = self.buffer
            if buffer[:2] == b"\r\n" and not skipped:  # RFC 9112 asks servers to ignore one empty line before a request
                buffer = self.buffer = buffer[2:]
                skipped = True
            end = buffer.find(_END)
            if 0 <= end <= LONGEST_HEAD:
                self.buffer = buffer[end + len(_END) :]
                self._idle = False
                self.read_on()
                return buffer[:end]
            if end > 0 or len(buffer) > LONGEST_HEAD + len(_END) - 1:
                self._refuse(problems.malformed(BadHead("the head of the request is too long", 431)))
                return None
            if b"\n" in buffer and _has_bare_newline(buffer):
                self._refuse(problems.malformed(BadHead("lines end with CRLF")))
                return None
            if self.gone or (self._leaving and not buffer):
                return None
            self._idle = not buffer
            if self._idle:
                deadline = 0.0
                self.deadline = self._loop.time() + self._limits.keep_alive
            else:
                if not deadline:
                    deadline = self._loop.time() + self._limits.head_timeout
                self.deadline = deadline
            await self._arrived
            self.deadline = inf

    # ---- what the listener does with it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        Strand(self._loop, self._serve())

    def expire(self) -> None:
        """The wait in progress has taken too long; a request that is not whole is told so."""
        if not (self._lingering or self._idle or self.started):
            self._refuse(problems.too_slow())
        super().expire()

    def drain(self) -> bool:
        """Answer what was asked, and then no more. Whether nothing was asked."""
        self.draining = self._leaving = True
        if idle := self._idle:
            self.wake()
        return idle


def _has_bare_newline(buffer: bytes) -> bool:
    return buffer.count(b"\n") != buffer.count(b"\r\n")
