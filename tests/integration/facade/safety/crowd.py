"""A crowd of slow clients in one thread of the test: each sends its request byte by byte, or reads nothing."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Self

import psutil

from tests.integration.facade.entrance import Entrance


class Slow(asyncio.Protocol):
    """One connection. `sent` counts its bytes; `said` is what came back; `closed` once the facade has ended it."""

    def __init__(self) -> None:
        self.sent = 0
        self.said = bytearray()
        self.closed = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.said += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True

    def send(self, data: bytes) -> None:
        if self.transport is not None and not self.closed:
            self.transport.write(data)
            self.sent += len(data)


class Crowd:
    """Clients that trickle. `rounds` counts the bytes that each of them has sent since it began to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._going: Future[None] | None = None
        self.clients: list[Slow] = []
        self.rounds = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._run(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def join(self, count: int, opening: bytes) -> None:
        """So many more clients; each begins with `opening`."""
        self._run(self._join(count, opening))

    def trickle(self, byte: bytes) -> None:
        """From now on everybody sends this byte, again and again."""
        self._going = asyncio.run_coroutine_threadsafe(self._trickle(byte), self._loop)

    def stop(self) -> None:
        """Nobody sends any more."""
        if self._going is not None:
            self._going.cancel()
            self._going = None

    def send(self, clients: Iterable[Slow], data: Callable[[Slow], bytes]) -> None:
        """Each of these sends what `data` gives for it."""
        self._run(self._send(clients, data))

    def silent(self) -> int:
        """How many have neither an answer nor an end."""
        return sum(not client.said and not client.closed for client in self.clients)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _join(self, count: int, opening: bytes) -> None:
        for _ in range(count):
            _, client = await self._loop.create_connection(Slow, "127.0.0.1", self._port)
            client.send(opening)
            self.clients.append(client)

    async def _trickle(self, byte: bytes) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                for number, client in enumerate(self.clients):
                    client.send(byte)
                    if number % 50 == 0:
                        await asyncio.sleep(0)
                self.rounds += 1
                await asyncio.sleep(0.02)

    async def _send(self, clients: Iterable[Slow], data: Callable[[Slow], bytes]) -> None:
        for client in clients:
            client.send(data(client))

    async def _leave(self) -> None:
        for client in self.clients:
            if client.transport is not None:
                client.transport.abort()
        await asyncio.sleep(0)


class Process:
    """The facade's worker, as the machine sees it."""

    def __init__(self, entrance: Entrance) -> None:
        assert entrance.process is not None
        self._port = entrance.port
        self._worker = psutil.Process(entrance.process.pid).children()[0]

    def memory(self) -> float:
        """In MiB."""
        return float(self._worker.memory_info().rss) / 1024 / 1024

    def clients(self) -> int:
        """Open connections of clients."""
        mine = [c for c in self._worker.net_connections("tcp") if c.laddr and c.laddr.port == self._port]
        return sum(c.status != psutil.CONN_LISTEN for c in mine)
