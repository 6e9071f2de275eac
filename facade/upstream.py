"""One keep-alive connection to an upstream: HTTP/1.1 out, answers in, with backpressure both ways.

It carries one exchange at a time and never pipelines. It refuses to take half an answer for a whole one: whatever
ends before its framing says so raises, and a connection with bytes left over is not used again.
"""

import asyncio
from math import inf
from typing import Final, cast

from facade.failures import BadAnswer, ClosedEarly, CutShort, UpstreamError
from facade.headers import Outbound, outbound, received
from facade.http1 import status_line
from facade.http1.chunks import Chunks
from facade.http1.grammar import LONGEST_HEAD, BadHead
from facade.strand import Signal

_BUFFER_HIGH: Final = 256 * 1024
NEVER: Final = float(inf)
_WORTH_A_VIEW: Final = 4 * 1024
SMALL: Final = 64 * 1024
"""A body of at most so many bytes, of a known length, is passed on in one piece."""


Part = bytes | memoryview
"""Of a body, as it came: a view where that spares a copy."""


class Connection:
    """An `asyncio.Protocol` by its methods.

    Public state of the exchange under way: `status`, `headers` (once `head` has returned), `complete`, `begun`,
    `buffered` (bytes of the body that nobody has taken yet).

    `unfinished` is set by who stopped in the middle of the request's body. `deadline` (loop time) is when the wait in progress is
    given up, `until` when the whole exchange is; the pool's sweep looks at both, which spares each request two timers.
    """

    __slots__ = (
        "_buffer", "_by_close", "_chunks", "_head_only", "_keep", "_left", "_most", "_parts", "_patience", "_paused",
        "_reading_paused", "_small", "_told", "_upgrade", "_writable",
        "begun", "buffered", "busy", "complete", "deadline", "error", "headers", "idle_since", "loop", "status", "transport",
        "unfinished", "until",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self.busy = False
        self.idle_since = 0.0
        self.until = NEVER
        self.error: UpstreamError | None = None
        self.headers: Outbound = _NO_HEADERS
        self._patience = NEVER
        self._told = Signal(loop)
        self._writable = Signal(loop)
        self._paused = self._reading_paused = False
        self._reset(head_only=False, upgrade=False)

    def _reset(self, *, head_only: bool, upgrade: bool) -> None:
        self.status = 0
        self.begun = self.complete = self.unfinished = self._keep = self._by_close = False
        self._parts: list[Part] = []
        self._buffer = b""
        self.buffered = 0
        self._left = 0
        self._most = _BUFFER_HIGH
        self._chunks: Chunks | None = None
        self._small = False
        self._head_only = head_only
        self._upgrade = upgrade
        self.deadline = NEVER

    # ---- what an exchange does with it

    def begin(self, data: bytes, *, head_only: bool, upgrade: bool = False, until: float = NEVER) -> None:
        """Start an exchange by sending `data`. `head_only`: the answer has no body (HEAD). `upgrade`: a 101 is welcome."""
        self._reset(head_only=head_only, upgrade=upgrade)
        self.until = until
        self.busy = True
        self.write(data)

    def write(self, data: bytes) -> None:
        if self.transport is not None and self.error is None:
            self.transport.write(data)

    async def drained(self, timeout: float) -> None:
        """Wait until the upstream has taken enough of what was written. Raises `UpstreamError`."""
        while self._paused and self.error is None:
            self.deadline = self.loop.time() + timeout
            try:
                await self._writable
            finally:
                self.deadline = NEVER
        if self.error is not None:
            raise self.error

    async def head(self, timeout: float) -> None:
        """Wait for status and headers, and for the body too where it is known to be small: then an answer that breaks off can
        still be replaced by another. Raises `UpstreamError`.
        """
        self._patience = timeout
        limited = timeout < NEVER
        while not self.status or (self._small and not self.complete):
            if self.error is not None:
                raise self.error
            if limited:
                self.deadline = self.loop.time() + timeout
            await self._told
            if limited:
                self.deadline = NEVER

    async def body(self, timeout: float) -> bytes:
        """The next part of the body, b"" once all of it was given. Raises `UpstreamError`."""
        while not self._parts and not self.complete:
            if self.error is not None:
                raise self.error
            await self._wait(timeout)
        return self.take()

    async def gather(self, limit: int, timeout: float) -> None:
        """Wait until the whole body is there, or more than `limit` bytes of it; nothing is taken. Raises `UpstreamError`."""
        self._most = max(limit, _BUFFER_HIGH)
        while not self.complete and self.buffered <= limit:
            if self.error is not None:
                raise self.error
            self._read_on()
            await self._wait(timeout)
        self._most = _BUFFER_HIGH

    def take(self) -> bytes:
        """What has arrived of the body and was not yet taken, as one; lets the upstream send on."""
        return b"".join(self.parts()) if self._parts else b""

    def parts(self) -> list[Part]:
        """The same as it came."""
        parts = self._parts
        self._parts = []
        self.buffered = 0
        self._read_on()
        return parts

    def _read_on(self) -> None:
        if self._reading_paused and self.transport is not None:
            self._reading_paused = False
            self.transport.resume_reading()

    async def _wait(self, timeout: float) -> None:
        """Without a limit the deadline is left alone: it is that of who sends the request's body meanwhile."""
        limited = timeout < NEVER
        if limited:
            self.deadline = self.loop.time() + timeout
        await self._told
        if limited:
            self.deadline = NEVER

    @property
    def reusable(self) -> bool:
        """Whether another exchange may follow on this connection."""
        return self.complete and self._keep and self.error is None and not self.unfinished and not self._parts

    def fail(self, error: UpstreamError) -> None:
        """Give up: every wait on this connection raises `error` (the first one given), and it is closed."""
        if self.error is None:
            self.error = error
        if self.transport is not None:
            self.transport.abort()
        self._wake()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self.busy or self.complete:
            # An answer to nothing: whoever took this connection next would take it for theirs.
            self._keep = False
            self.fail(BadAnswer("bytes beyond the end of an answer"))
            return
        self.begun = True
        try:
            if self.status:
                self._take_body(data)
            else:
                self._take_head(data)
        except BadHead as error:
            self._keep = False
            self.fail(CutShort(str(error)) if self.status else BadAnswer(str(error)))
            return
        if self.status and self._small and not self.complete:
            if self._patience < NEVER:
                self.deadline = self.loop.time() + self._patience
        elif self.status:
            if self.buffered > self._most and not self._reading_paused and self.transport is not None:
                self._reading_paused = True
                self.transport.pause_reading()
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._by_close and exc is None and self.error is None and not self.complete:
            self.complete = True
        if self.error is None:
            if self.status:
                self.error = CutShort("the upstream closed the connection in the middle of its answer")
            elif self.begun:
                self.error = BadAnswer("the upstream closed the connection in the middle of the answer's head")
            else:
                self.error = ClosedEarly("the upstream closed the connection before it answered")
        self._wake()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._writable.fire()

    def _wake(self) -> None:
        if self.error is not None:
            self._writable.fire()
        self._told.fire()

    # ---- the answer's framing

    def _take_head(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        start = 0
        while True:
            end = buffer.find(b"\r\n\r\n", start)
            if end < 0:
                self._buffer = buffer[start:]
                if len(self._buffer) > LONGEST_HEAD:
                    raise BadHead("the answer's head is too long")
                if not b"HTTP/1.".startswith(self._buffer[:7]):
                    raise BadHead("the status line is malformed")  # told now, not when the wait for its end is over
                return
            line, _, block = buffer[start:end].partition(b"\r\n")
            minor, status = status_line.parse(line)
            start = end + 4
            if status >= 200:
                break
            if status == 101:
                if not self._upgrade:
                    raise BadHead("an upgrade that was not asked for")
                break  # what follows is the other protocol's, until the connection ends
            # 100 Continue or 103 Early Hints: the answer proper is still to come
        self._buffer = b""
        self.headers = headers = received(block)
        self._keep = headers.keep_alive if minor == 0 else not headers.close
        self.status = status
        self._frame(headers)
        if self.complete:
            self._keep = self._keep and len(buffer) == start
        elif self._chunks is None and len(buffer) - start > _WORTH_A_VIEW:
            self._take_body(memoryview(buffer)[start:])
        else:
            self._take_body(buffer[start:])

    def _frame(self, headers: Outbound) -> None:
        """How the end of the body will be known (RFC 9112, section 6.3)."""
        if self.status == 101:
            self._by_close = True
        elif self._head_only or self.status in (204, 304):
            self.complete = True
        elif headers.chunked:
            self._chunks = Chunks()
        elif headers.length is not None:
            self._left = headers.length
            self.complete = self._left == 0
            self._small = self._left <= SMALL
        else:
            self._by_close = True

    def _take_body(self, data: Part) -> None:
        if self._chunks is not None:
            data = self._chunks.feed(bytes(data))
            self.complete = self._chunks.complete
            if self._chunks.rest:
                self._keep = False
        elif not self._by_close:
            if len(data) > self._left:
                data, self._keep = data[: self._left], False
            self._left -= len(data)
            self.complete = self._left == 0
        if data:
            self._parts.append(data)
            self.buffered += len(data)


_NO_HEADERS: Final = outbound(b"")
