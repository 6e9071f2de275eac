"""Joins a client and an upstream that speak websocket: bytes both ways, no faster than the slower side takes them."""

import asyncio

from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.failures import UpstreamError
from facade.upstream import Connection


async def join(client: Client, connection: Connection, lines: bytes, patience: float) -> None:
    """Pass everything on until either side ends, or both are silent for `patience` seconds. `lines`: of the answer 101."""
    client.switch(b"connection: upgrade\r\nupgrade: websocket\r\n" + lines, patience)
    ways = {asyncio.create_task(_up(client, connection, patience)), asyncio.create_task(_down(client, connection, patience))}
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    for end in await asyncio.gather(*ways, return_exceptions=True):
        if isinstance(end, BaseException) and not isinstance(end, (ClientGone, UpstreamError, asyncio.CancelledError)):
            raise end


async def _up(client: Client, connection: Connection, patience: float) -> None:
    while part := await client.part():
        connection.write(part)
        await connection.drained(patience)


async def _down(client: Client, connection: Connection, patience: float) -> None:
    while part := await connection.body(patience):
        client.send(part)
        await client.drained()
