"""A crowd of slow clients in one thread of the test: each sends its request byte by byte, or reads nothing.

`python -m tests.integration.facade.safety.crowd PORT COUNT SECONDS` is one in a process of its own, that takes nothing from the
test's: half of them send heads and half bodies, a byte in so many seconds each, until its standard input ends.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Self

import psutil

from tests.integration.facade.entrance import Entrance, until

HEAD = b"GET /slow HTTP/1.1\r\nHost: a\r\nX-Slow: "
POST = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
_STEP = 20


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

    def trickle(self, byte: bytes, seconds: float = 0.02) -> None:
        """From now on everybody sends this byte, again and again, each in so many seconds, one after another."""
        self._going = asyncio.run_coroutine_threadsafe(self._trickle(byte, seconds), self._loop)

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

    async def _trickle(self, byte: bytes, seconds: float) -> None:
        pause = seconds * _STEP / len(self.clients)
        with suppress(asyncio.CancelledError):
            while True:
                for number, client in enumerate(self.clients):
                    client.send(byte)
                    if number % _STEP == 0:
                        await asyncio.sleep(pause)
                self.rounds += 1

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


@contextmanager
def elsewhere(port: int, count: int, seconds: float) -> Iterator[None]:
    """A crowd in a process of its own, that has begun; everybody in it waits until the end."""
    command = [sys.executable, "-m", __name__, str(port), str(count), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"they trickle\n"
        yield
        process.stdin.close()
        assert process.wait(10) == 0, "some of them were answered, or sent away"


def _main(port: int, count: int, seconds: float) -> None:
    with Crowd(port) as crowd:
        crowd.join(count // 2, HEAD)
        crowd.join(count // 2, POST % 1_000_000)
        crowd.trickle(b"s", seconds)
        until(lambda: crowd.rounds > 0)
        print("they trickle", flush=True)
        sys.stdin.read()
        assert crowd.silent() == count


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
