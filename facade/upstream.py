"""One keep-alive connection to an upstream: HTTP/1.1 out, parsed answers in, with backpressure both ways.

It carries one exchange at a time and never pipelines. It refuses to take half an answer for a whole one: whatever
ends before its framing says so raises, and a connection with bytes left over is not used again.
"""

import asyncio
from typing import cast

import httptools

_BUFFER_HIGH = 256 * 1024
_NEVER = float("inf")


class UpstreamError(Exception):
    """No answer can be had from this attempt."""


class Unreachable(UpstreamError):
    """No connection could be made; nothing was sent."""


class ClosedEarly(UpstreamError):
    """The upstream closed the connection before the first byte of an answer; the request may have been executed."""


class TimedOut(UpstreamError):
    """The upstream was silent for longer than it may be; the request may have been executed."""


class BadAnswer(UpstreamError):
    """What the upstream sent is not HTTP, or an upgrade that nobody asked for."""


class CutShort(UpstreamError):
    """The answer broke off after it had begun."""


class Connection(asyncio.Protocol):
    """Public state of the exchange under way: `status`, `headers` (lower-case names), `complete`, `begun`.

    `unfinished` is set by who stopped in the middle of the request's body. `deadline` (loop time) is when the wait
    in progress is given up; the pool's sweep looks at it, which spares each request a timer.
    """

    __slots__ = (
        "_answering",
        "_buffered",
        "_by_close",
        "_head_only",
        "_keep",
        "_parser",
        "_parts",
        "_paused",
        "_reading_paused",
        "_spent",
        "_waiter",
        "_writable",
        "begun",
        "busy",
        "complete",
        "deadline",
        "error",
        "headers",
        "idle_since",
        "loop",
        "status",
        "transport",
        "unfinished",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.transport: asyncio.Transport | None = None
        self.busy = False
        self.idle_since = 0.0
        self.error: UpstreamError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._paused = self._reading_paused = False
        self._spent = True
        self._reset(head_only=False)

    def _reset(self, *, head_only: bool) -> None:
        if self._spent:
            self._parser = httptools.HttpResponseParser(self)
            self._spent = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.begun = self.complete = self.unfinished = self._answering = self._keep = self._by_close = False
        self._parts: list[bytes] = []
        self._buffered = 0
        self._head_only = head_only
        self.deadline = _NEVER

    # ---- what an exchange does with it

    def begin(self, data: bytes, *, head_only: bool) -> None:
        """Start an exchange by sending `data`; `head_only` says that the answer has no body (HEAD)."""
        self._reset(head_only=head_only)
        self.busy = True
        self.write(data)

    def write(self, data: bytes) -> None:
        if self.transport is not None and self.error is None:
            self.transport.write(data)

    async def drained(self, timeout: float) -> None:
        """Wait until the upstream has taken enough of what was written. Raises `UpstreamError`."""
        while self._paused and self.error is None:
            self._writable = self.loop.create_future()
            self.deadline = self.loop.time() + timeout
            try:
                await self._writable
            finally:
                self._writable = None
                self.deadline = _NEVER
        if self.error is not None:
            raise self.error

    async def head(self, timeout: float) -> None:
        """Wait for status and headers. Raises `UpstreamError`."""
        while not self._answering:
            if self.error is not None:
                raise self.error
            await self._wait(timeout)

    async def body(self, timeout: float) -> bytes:
        """The next part of the body, b"" once all of it was given. Raises `UpstreamError`."""
        while not self._parts and not self.complete:
            if self.error is not None:
                raise self.error
            await self._wait(timeout)
        return self.take()

    def take(self) -> bytes:
        """What has arrived of the body and was not yet taken; lets the upstream send on."""
        parts = self._parts
        if not parts:
            return b""
        self._parts = []
        self._buffered = 0
        if self._reading_paused and self.transport is not None:
            self._reading_paused = False
            self.transport.resume_reading()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _wait(self, timeout: float) -> None:
        self._waiter = self.loop.create_future()
        self.deadline = self.loop.time() + timeout
        try:
            await self._waiter
        finally:
            self._waiter = None
            self.deadline = _NEVER

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
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False
            self.fail(CutShort(str(error)) if self._answering else BadAnswer(str(error)))
            return
        if self._answering:
            if self._buffered > _BUFFER_HIGH and not self._reading_paused and self.transport is not None:
                self._reading_paused = True
                self.transport.pause_reading()
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._by_close and exc is None and not self.complete:
            self.complete = True
        if self.error is None:
            if self._answering:
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
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self.error is not None and self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # ---- what httptools calls

    def on_message_begin(self) -> None:
        if self._answering:
            self._keep = False
            raise httptools.HttpParserError("a second answer to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise httptools.HttpParserError("an upgrade that was not asked for")
            return
        self.status = status
        self._answering = True
        framed = status in (204, 304)
        for name, value in self.headers:
            if name == b"content-length" or (name == b"transfer-encoding" and value.lower().endswith(b"chunked")):
                framed = True
        self._by_close = not framed
        if self._head_only:
            # The parser cannot be told that no body follows, so it is spent, and the answer ends here.
            self._spent = self.complete = True
            self._by_close = False
            self._keep = not any(n == b"connection" and b"close" in v.lower() for n, v in self.headers)

    def on_body(self, data: bytes) -> None:
        if not self._head_only:
            self._parts.append(data)
            self._buffered += len(data)

    def on_message_complete(self) -> None:
        if not self._answering:
            self.headers = []  # 100 Continue or 103 Early Hints: the answer proper is still to come
            return
        if not self._head_only:
            self.complete = True
            self._keep = self._parser.should_keep_alive()
