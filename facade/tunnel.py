"""Joins a client and an upstream that speak websocket: bytes both ways, no faster than the slower side takes them.

It refuses to lose a client's last words: they reach the upstream also when the client has closed behind them.
"""

import asyncio
from time import monotonic

from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.failures import UpstreamError
from facade.upstream import NEVER, Connection


class _Heard:
    """When (monotonic) either side has last said something, or taken what was waiting for it."""

    def __init__(self) -> None:
        self.at = monotonic()


async def join(client: Client, connection: Connection, lines: bytes, patience: float, farewell: float) -> None:
    """Pass everything on until either side ends, or both are silent for `patience` seconds. `lines`: of the answer 101. An
    upstream has `farewell` seconds to take the last of a client that has ended.
    """
    client.switch(b"connection: upgrade\r\nupgrade: websocket\r\n" + lines)
    heard = _Heard()
    up, down = asyncio.create_task(_up(client, connection, heard)), asyncio.create_task(_down(client, connection, heard))
    ended, left = False, patience
    while not ended and left > 0:
        done, _ = await asyncio.wait((up, down), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        ended, left = bool(done), heard.at + patience - monotonic()
    if client.gone:
        await asyncio.wait((up,), timeout=farewell)
    up.cancel()
    down.cancel()
    for end in await asyncio.gather(up, down, return_exceptions=True):
        if isinstance(end, BaseException) and not isinstance(end, (ClientGone, UpstreamError, asyncio.CancelledError)):
            raise end


async def _up(client: Client, connection: Connection, heard: _Heard) -> None:
    try:
        while part := await client.part():
            heard.at = monotonic()
            connection.write(part)
            await connection.drained(NEVER)
            heard.at = monotonic()
    except ClientGone:
        if connection.transport is not None:
            connection.transport.set_write_buffer_limits(0)  # drained is from now on: all of it
        await connection.drained(NEVER)


async def _down(client: Client, connection: Connection, heard: _Heard) -> None:
    while part := await connection.body(NEVER):
        heard.at = monotonic()
        client.send(part)
        await client.drained()
        heard.at = monotonic()
