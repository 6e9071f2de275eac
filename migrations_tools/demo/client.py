"""A lean HTTP/1.1 client for the load generator: keep-alive connections, one request at a time on each, no retries.

It never repeats a request: a repeat would hide the very failures that the demonstration counts. A connection that has idled
longer than `IDLE` seconds is not used again, because a server may be closing it in that moment.
"""

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

import httptools

IDLE = 4.0


class NoAnswer(Exception):
    """No complete answer came: whether the request was executed is unknown. `reason` is a word for the summary."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class _Connection(asyncio.Protocol):
    """One keep-alive connection; httptools calls the `on_*` methods."""

    def __init__(self) -> None:
        self.closed = False
        self.used = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break(f"unreadable answer: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._break(f"connection lost: {exc}" if exc else "connection closed")

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 and status != 101:  # an interim answer: the real one follows
            return
        if not self._parser.should_keep_alive():
            self.close()
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(Answer(status, b"".join(self._parts)))

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and await its answer. Raises NoAnswer when the connection breaks first."""
        if self.closed or self._transport is None:
            raise NoAnswer("connection closed")
        self._waiter = asyncio.get_running_loop().create_future()
        self._parser, self._parts = httptools.HttpResponseParser(self), []
        self._transport.write(request)
        try:
            return await self._waiter
        finally:
            self.used = time.monotonic()

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def _break(self, reason: str) -> None:
        self.close()
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(NoAnswer(reason))


class Client:
    """Requests to one origin, e.g. "http://127.0.0.1:8080", over at most `limit` connections."""

    def __init__(self, origin: str, *, limit: int = 256, timeout: float = 15.0) -> None:
        parts = urlsplit(origin)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"{origin!r} is not of the form http://host:port")
        self._address = (parts.hostname, parts.port or 80)
        self._host = parts.netloc.encode()
        self._timeout = timeout
        self._places = asyncio.Semaphore(limit)
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for connection in self._idle:
            connection.close()

    async def request(self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """One request, sent once. Raises NoAnswer on a refused or broken connection and after `timeout` seconds."""
        message = self._message(method, target, body, headers or {})
        async with self._places:
            connection = None
            try:
                async with asyncio.timeout(self._timeout):
                    connection = self._fresh() or await self._connect()
                    answer = await connection.exchange(message)
            except TimeoutError:
                if connection:
                    connection.close()
                raise NoAnswer("timeout") from None
        if not connection.closed:
            self._idle.append(connection)
        return answer

    def _message(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: " + self._host, b"Accept: application/json"]
        lines += [f"{name}: {value}".encode() for name, value in headers.items()]
        if body is not None:
            lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
        return b"\r\n".join([*lines, b"", body or b""])

    def _fresh(self) -> _Connection | None:
        """The connection used last, if it is fresh; those that idled too long are closed."""
        oldest = time.monotonic() - IDLE
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and connection.used > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, *self._address)
        except OSError as error:
            raise NoAnswer(f"no connection: {error.strerror or error}") from error
        return connection
