"""Joins a client and an upstream that speak websocket: bytes both ways, no faster than the slower side takes them.

It refuses to keep two that are silent. One that only listens is none: the time is that in which nothing passed either way.
"""

import asyncio
from collections.abc import Callable
from math import inf

from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.failures import UpstreamError
from facade.upstream import Connection


class _Passed:
    """When something passed last, by `clock`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()

    def note(self) -> None:
        """Something passed just now."""
        self._last = self._clock()

    async def nothing_for(self, seconds: float) -> None:
        """Wait until nothing has passed for so long."""
        while (left := self._last + seconds - self._clock()) > 0:
            await asyncio.sleep(left)


async def join(client: Client, connection: Connection, lines: bytes, patience: float) -> None:
    """Pass everything on until either side ends, or both are silent for `patience` seconds. `lines`: of the answer 101."""
    client.switch(b"connection: upgrade\r\nupgrade: websocket\r\n" + lines)
    usual, client.patience = client.patience, inf  # either side may say nothing as long as the other one speaks
    passed = _Passed(asyncio.get_running_loop().time)
    works = _up(client, connection, passed), _down(client, connection, passed), passed.nothing_for(patience)
    ways = {asyncio.create_task(work) for work in works}
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    client.patience = usual
    for way in ways:
        way.cancel()
    for end in await asyncio.gather(*ways, return_exceptions=True):
        if isinstance(end, BaseException) and not isinstance(end, (ClientGone, UpstreamError, asyncio.CancelledError)):
            raise end


async def _up(client: Client, connection: Connection, passed: _Passed) -> None:
    while part := await client.part():
        connection.write(part)
        await connection.drained(inf)
        passed.note()


async def _down(client: Client, connection: Connection, passed: _Passed) -> None:
    while part := await connection.body(inf):
        client.send(part)
        await client.drained()
        passed.note()
