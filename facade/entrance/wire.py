"""The byte side of a client's connection: what has arrived, what the client has not taken yet, and who waits for either.

It knows no protocol. It refuses to hold more than a few hundred KiB either way: it stops reading, and who writes waits.
"""

import asyncio
from collections.abc import Callable
from typing import cast

_READ_AHEAD = 256 * 1024
_LINGER = 2.0
"""Seconds in which a client may finish sending what is not read any more."""
_NEVER = float("inf")


class ClientGone(Exception):
    """The client closed its connection, or was silent for too long, before the request was whole or answered."""


class Wire(asyncio.Protocol):
    """`address` is the peer's; `gone` once it has closed; `on_gone` is called then. `buffer`: what has arrived and was not taken.

    `deadline` (loop time) is when the wait in progress is given up; the listener's sweep looks at it. `patience`: seconds of
    silence that are allowed while something is waited for.
    """

    __slots__ = (
        "_lingering", "_loop", "_on_lost", "_paused", "_reading_paused", "_transport", "_waiter", "_writable",
        "address", "buffer", "deadline", "gone", "on_gone", "patience",
    )  # fmt: skip

    def __init__(self, on_lost: Callable[["Wire"], None]) -> None:
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._paused = self._reading_paused = self._lingering = False
        self.address = b"unknown"
        self.buffer = b""
        self.deadline = self.patience = _NEVER
        self.gone = False
        self.on_gone: Callable[[], None] | None = None

    def write(self, data: bytes) -> None:
        """Send it, whenever the client takes it; nothing more once it was given up."""
        if self._transport is not None and not self.gone:
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the client has taken enough of what was written. Raises `ClientGone`."""
        while self._paused and not self.gone:
            self._writable = self._loop.create_future()
            self.deadline = self._loop.time() + self.patience
            try:
                await self._writable
            finally:
                self._writable = None
                self.deadline = _NEVER
        if self.gone:
            raise ClientGone

    async def arrival(self, deadline: float | None = None) -> None:
        """Wait until more has arrived, the client has gone, or `wake` is called; `deadline` in loop time.

        A wait that is cancelled ends only in the loop's next turn, when another may have begun: it takes nothing from that one.
        """
        waiter = self._waiter = self._loop.create_future()
        self.deadline = self._loop.time() + self.patience if deadline is None else deadline
        try:
            await waiter
        finally:
            if self._waiter is waiter:
                self._waiter = None
                self.deadline = _NEVER

    def wake(self) -> None:
        """End the wait for an arrival."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def read_on(self) -> None:
        """After something was taken from the buffer: let the client send on."""
        if self._reading_paused and self._transport is not None and len(self.buffer) < _READ_AHEAD:
            self._reading_paused = False
            self._transport.resume_reading()

    def lose(self) -> None:
        """Whoever waits is told that nothing will come."""
        self.gone = True
        self.wake()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self.on_gone is not None:
            self.on_gone()

    def leave(self, *, whole: bool, linger: bool) -> None:
        """Close. Not `whole`: the answer broke off, so nothing may look like its end. `linger`: the client may still be sending,
        and a reset would reach it before it has read its answer. Either way it ends: also with a client that takes nothing.
        """
        transport = self._transport
        if transport is None:
            return
        if not whole:
            transport.abort()
            return
        self._lingering = True
        if linger and transport.can_write_eof():
            transport.write_eof()
            self.deadline = self._loop.time() + _LINGER
        else:
            transport.close()
            self.deadline = self._loop.time() + self.patience

    def abort(self) -> None:
        """End it now."""
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The wait in progress has taken too long."""
        self.deadline = _NEVER
        if self._lingering:
            self.abort()
        else:
            self.lose()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self.address = str(peer[0]).encode()

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        self.buffer = self.buffer + data if self.buffer else data
        waiter = self._waiter
        if waiter is not None:
            if not waiter.done():
                waiter.set_result(None)
        elif len(self.buffer) > _READ_AHEAD and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio asks for it
        self._transport = None
        self.lose()
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
