"""The listening socket of one worker process: accepts clients, ends those that are too slow, and drains."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from facade.entrance.client import Client
from facade.entrance.handler import Handler, Report
from facade.entrance.timeouts import Timeouts
from facade.entrance.wire import SHARES

_SWEEP_SECONDS = 0.25
_FAREWELL_SECONDS = 2.0
"""How long an idle client of a process that ends may take to answer the farewell of TLS; blocking ones do not until they read."""


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
        self._ending = self._leaving = False
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """Clients that are connected."""
        return len(self._clients)

    async def start(self, listening: socket.socket) -> None:
        """Accept clients from a socket that listens already; other processes may share it."""
        loop = asyncio.get_running_loop()
        # Who does not finish its handshake is as slow as who does not finish its request's head. Who takes its last answer slowly
        # is waited for by the client's own deadline, which sees whether it takes anything.
        head, farewell = None, None
        if self._tls is not None:
            head, farewell = self._timeouts.head_timeout, self._timeouts.body_timeout * SHARES
        self._server = await loop.create_server(
            self._accept, sock=listening, ssl=self._tls, ssl_handshake_timeout=head, ssl_shutdown_timeout=farewell
        )
        self._sweeper = loop.create_task(self._sweep())

    async def drain(self, seconds: float) -> None:
        """Accept no more, answer what was asked, and close; what is not done after so many seconds is cut."""
        self._leaving = True
        if self._server is not None:
            self._server.close()
        idle = [client for client in list(self._clients) if client.drain()]
        now = asyncio.get_running_loop().time
        deadline, farewell = now() + seconds, now() + _FAREWELL_SECONDS
        while self._clients and now() < deadline:
            await asyncio.sleep(0.01)
            if self._tls is not None and idle and now() > farewell:
                for client in idle:
                    client.abort()
                idle.clear()
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
        client.on_made = partial(self._join, client)
        return client if self._wrap is None else self._wrap(client)

    def _join(self, client: Client) -> None:
        """A connection is made. Not before: of one that ends in its handshake nobody would hear again."""
        client.draining = self._ending
        self._clients.add(client)
        if self._leaving:
            client.drain()

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for client in [client for client in self._clients if client.deadline < now]:
                client.expire()
