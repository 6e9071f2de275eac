"""A lean Valkey connection: commands of all requests share one socket, in order, without waiting for each other.

It reconnects by itself. It refuses to queue: while there is no connection, or too much is unanswered, a command
fails at once with `ValkeyError`, so that a Valkey that is down costs a request nothing.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import libvalkey

log = logging.getLogger(__name__)

_RETRY_SECONDS = 0.25
_PING_SECONDS = 1.0
_CONNECT_SECONDS = 2.0
_MOST_UNANSWERED = 10_000


class ValkeyError(Exception):
    """Valkey cannot be asked, or refused the command."""


class _Wire(asyncio.Protocol):
    def __init__(self, on_push: Callable[[bytes], None] | None) -> None:
        self.transport: asyncio.Transport | None = None
        self.closed = asyncio.get_running_loop().create_future()
        self.waiting: deque[asyncio.Future[Any]] = deque()
        self._reader = libvalkey.Reader()
        self._on_push = on_push

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            if self._on_push is not None and isinstance(reply, list) and reply[0] == b"message":
                self._on_push(reply[2])
            elif self.waiting:
                self._answer(self.waiting.popleft(), reply)

    @staticmethod
    def _answer(future: asyncio.Future[Any], reply: Any) -> None:
        if future.done():
            return
        if isinstance(reply, libvalkey.ReplyError):
            future.set_exception(ValkeyError(str(reply)))
        else:
            future.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio asks for it
        self.transport = None
        for future in self.waiting:
            if not future.done():
                future.set_exception(ValkeyError("the connection to Valkey was lost"))
        self.waiting.clear()
        if not self.closed.done():
            self.closed.set_result(None)


class Valkey:
    """One connection to `url` (valkey, redis, valkeys, rediss or unix scheme), kept up by `run`.

    With `channel`, it is subscribed to it and hands each message to `on_message`; it then takes no other commands.
    """

    def __init__(self, url: str, *, channel: str | None = None, on_message: Callable[[bytes], None] | None = None) -> None:
        self._url = urlsplit(url)
        self._channel = channel
        self._on_message = on_message
        self._wire: _Wire | None = None
        self.connected = False
        self.on_connect: list[Callable[[], Awaitable[None]]] = []

    def ask(self, *command: str | bytes) -> asyncio.Future[Any]:
        """Send a command; the reply (bytes, int, list or None) comes with the future. Raises `ValkeyError`, at once
        or through the future.
        """
        wire = self._wire
        if wire is None or wire.transport is None:
            raise ValkeyError("there is no connection to Valkey")
        if len(wire.waiting) >= _MOST_UNANSWERED:
            raise ValkeyError("Valkey leaves too much unanswered")
        future = asyncio.get_running_loop().create_future()
        wire.waiting.append(future)
        wire.transport.write(libvalkey.pack_command(command))
        return future

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._session()
            except (OSError, TimeoutError, ValkeyError) as error:
                log.info("no connection to Valkey: %s", error or "timed out")
            await asyncio.sleep(_RETRY_SECONDS)

    async def _session(self) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            self._wire = wire = await self._open()
        welcoming: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._greet()
            self.connected = True
            welcoming = asyncio.create_task(self._welcome())
            while not wire.closed.done():
                # A peer that vanished without a word, or never said one, is noticed by its silence.
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await self.ask("PING")
                await asyncio.wait((wire.closed,), timeout=_PING_SECONDS)
                if welcoming.done():
                    welcoming.result()
        finally:
            self.connected = False
            self._wire = None
            if wire.transport is not None:
                wire.transport.abort()
            if welcoming is not None:
                welcoming.cancel()
                await asyncio.gather(welcoming, return_exceptions=True)

    async def _welcome(self) -> None:
        for call in self.on_connect:
            await call()

    async def _open(self) -> _Wire:
        loop = asyncio.get_running_loop()
        if self._url.scheme == "unix":
            return (await loop.create_unix_connection(lambda: _Wire(self._on_message), self._url.path))[1]
        secure = ssl.create_default_context() if self._url.scheme in ("valkeys", "rediss") else None
        host, port = self._url.hostname or "127.0.0.1", self._url.port or 6379
        return (await loop.create_connection(lambda: _Wire(self._on_message), host, port, ssl=secure))[1]

    async def _greet(self) -> None:
        if self._url.password:
            user = (unquote(self._url.username),) if self._url.username else ()
            await self.ask("AUTH", *user, unquote(self._url.password))
        database = self._url.path.strip("/") if self._url.scheme != "unix" else ""
        database = database or parse_qs(self._url.query).get("db", [""])[0]
        if database and self._channel is None:
            await self.ask("SELECT", database)
        if self._channel is not None:
            await self.ask("SUBSCRIBE", self._channel)
