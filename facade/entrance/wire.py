"""The byte side of a client's connection: what has arrived, what the client has not taken yet, and who waits for either.

It knows no protocol. It refuses to hold more than a few hundred KiB either way: it stops reading, and who writes waits.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from math import inf
from typing import Final, cast

from facade.strand import Signal

_READ_AHEAD: Final = 256 * 1024
_LINGER: Final = 2.0
"""Seconds in which a client may finish sending what is not read any more."""
SHARES: Final = 20
"""A client may take what was written in so many parts, with all patience for each: a byte at a time would hold it for ever."""
_LEAST: Final = 4 * 1024
"""Bytes of such a part."""
_TCP_INFO: Final[int] = getattr(socket, "TCP_INFO", 0)
_BYTES_ACKED: Final = 120
"""Where they are in Linux' `struct tcp_info`, in eight bytes."""


class ClientGone(Exception):
    """The client closed its connection, or was silent for too long, before the request was whole or answered."""


class Wire:
    """An `asyncio.Protocol` by its methods.

    `address` is the peer's; `on_made` is called once the connection is there, for TLS after the handshake; `gone` once it has
    closed; `on_gone` is called then. `buffer`: what has arrived and was not taken.

    `deadline` (loop time) is when the wait in progress is given up; the listener's sweep looks at it. `patience`: seconds of
    silence that are allowed while something is waited for.
    """

    __slots__ = (
        "_arrived", "_lingering", "_loop", "_on_lost", "_paused", "_reading_paused", "_share", "_taken", "_transport",
        "_writable",
        "address", "buffer", "deadline", "gone", "on_gone", "on_made", "patience",
    )  # fmt: skip

    def __init__(self, on_lost: Callable[["Wire"], None]) -> None:
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._arrived = Signal(self._loop)
        self._writable = Signal(self._loop)
        self._paused = self._reading_paused = self._lingering = False
        self._taken = self._share = 0
        self.address = b"unknown"
        self.buffer = b""
        self.deadline = self.patience = inf
        self.gone = False
        self.on_gone: Callable[[], None] | None = None
        self.on_made: Callable[[], None] | None = None

    def write(self, data: bytes) -> None:
        """Send it, whenever the client takes it; nothing more once it was given up."""
        if self._transport is not None and not self.gone:
            self._transport.write(data)

    def write_all(self, parts: Sequence[bytes | memoryview]) -> None:
        """The same of several parts, which are not joined for it."""
        if self._transport is not None and not self.gone:
            self._transport.writelines(parts)

    async def drained(self) -> None:
        """Wait until the client has taken enough of what was written. Raises `ClientGone`."""
        while self._paused and not self.gone:
            if self._transport is not None:
                self._measure(self._transport)
            self.deadline = self._loop.time() + self.patience
            try:
                await self._writable
            finally:
                self.deadline = inf
        if self.gone:
            raise ClientGone

    async def arrival(self) -> None:
        """Wait until more has arrived, the client has gone, or `wake` is called."""
        self.deadline = self._loop.time() + self.patience
        try:
            await self._arrived
        finally:
            if not self._arrived.waiting:  # a wait that was cancelled ends when another may have begun
                self.deadline = inf

    def wake(self) -> None:
        """End the wait for an arrival."""
        self._arrived.fire()

    def read_on(self) -> None:
        """After something was taken from the buffer: let the client send on."""
        if self._reading_paused and self._transport is not None and len(self.buffer) < _READ_AHEAD:
            self._reading_paused = False
            self._transport.resume_reading()

    def lose(self) -> None:
        """Whoever waits is told that nothing will come."""
        self.gone = True
        if (tell := self.on_gone) is not None:
            self.on_gone = None
            tell()
        self._writable.fire()
        self._arrived.fire()

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
        self._measure(transport)
        self.deadline = self._loop.time() + self._farewell(transport)
        if linger and transport.can_write_eof():
            self.buffer = b""
            self.read_on()  # what is never read makes a reset of the end
            transport.write_eof()
        else:
            transport.close()

    def _measure(self, transport: asyncio.Transport) -> None:
        """What the client has taken, and how much more it has to take before each deadline."""
        self._taken = _acknowledged(transport)
        self._share = max(transport.get_write_buffer_size() // SHARES, _LEAST)

    def _farewell(self, transport: asyncio.Transport) -> float:
        """How long a client that is let go may take nothing: what the kernel has for it, it can get after our end as well. What
        TLS has for it nobody tells.
        """
        return self.patience if transport.get_write_buffer_size() or not transport.can_write_eof() else _LINGER

    def abort(self) -> None:
        """End it now."""
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The wait in progress has taken too long, unless it is for a client that takes what was written, if slowly."""
        self.deadline = inf
        transport = self._transport
        if transport is not None and (self._paused or self._lingering):
            before, self._taken = self._taken, _acknowledged(transport)
            if self._taken - before >= self._share:
                self.deadline = self._loop.time() + (self._farewell(transport) if self._lingering else self.patience)
                return
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
        if (tell := self.on_made) is not None:
            self.on_made = None
            tell()

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        self.buffer = self.buffer + data if self.buffer else data
        if self._arrived.waiting:
            self._arrived.fire()
        elif len(self.buffer) > _READ_AHEAD and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio asks for it
        self._transport = None
        self._on_lost(self)
        self.lose()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._writable.fire()


def _acknowledged(transport: asyncio.Transport) -> int:
    """A number that grows by each byte that the client has taken, also of those that were handed to the kernel, or to TLS: the
    kernel lets us write on only when a third of its megabytes is free, and what we still hold stands still meanwhile.
    """
    if not _TCP_INFO:
        return -transport.get_write_buffer_size()
    try:
        told = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _BYTES_ACKED + 8)
    except (OSError, ValueError):  # it is closed just now
        return 0
    return int.from_bytes(told[_BYTES_ACKED:], sys.byteorder)
