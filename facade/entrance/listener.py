"""The listening socket of one worker process: accepts clients, ends those that are too slow, and drains."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from facade.entrance.client import Client
from facade.entrance.handler import Handler, Report
from facade.entrance.timeouts import Timeouts

_SWEEP_SECONDS = 0.25


class Listener:
    """Hands every request on a socket to `handler`. `wrap` gives what a connection has instead of its client."""

    def __init__(
        self,
        handler: Handler,
        timeouts: Timeouts,
        report: Report,
        *,
        tls: ssl.SSLContext | None = None,
        wrap: Callable[[Client], Any] | None = None,
    ) -> None:
        self._handler = handler
        self._timeouts = timeouts
        self._report = report
        self._tls = tls
        self._wrap = wrap
        self._clients: set[Client] = set()
        self._ending = False
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """Clients that are connected."""
        return len(self._clients)

    async def start(self, listening: socket.socket) -> None:
        """Accept clients from a socket that listens already; other processes may share it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, sock=listening, ssl=self._tls)
        self._sweeper = loop.create_task(self._sweep())

    async def drain(self, seconds: float) -> None:
        """Accept no more, answer what was asked, and close; what is not done after so many seconds is cut."""
        if self._server is not None:
            self._server.close()
        for client in list(self._clients):
            client.drain()
        deadline = asyncio.get_running_loop().time() + seconds
        while self._clients and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        for client in list(self._clients):
            client.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()

    def announce_end(self) -> None:
        """Let every client go after its next answer, also those that still come."""
        self._ending = True
        for client in self._clients:
            client.draining = True

    def _accept(self) -> Any:
        """A client is a protocol by its methods."""
        client = Client(self._handler, self._timeouts, self._report, on_lost=self._clients.discard, secure=self._tls is not None)
        client.draining = self._ending
        self._clients.add(client)
        return client if self._wrap is None else self._wrap(client)

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for client in [client for client in self._clients if client.deadline < now]:
                client.expire()
