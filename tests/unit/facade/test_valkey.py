"""The connection to Valkey, where that is no Valkey any more."""

import asyncio
from contextlib import suppress

import pytest

from facade.valkey import Valkey


async def _tries(credentials: str) -> int:
    """How often a server that takes connections, and never says a word, is tried: the second time is waited for."""
    tried: list[asyncio.StreamWriter] = []
    again = asyncio.Event()

    def taken(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(writer)
        if len(tried) > 1:
            again.set()

    async with await asyncio.start_server(taken, "127.0.0.1", 0) as server:
        valkey = Valkey(f"valkey://{credentials}127.0.0.1:{server.sockets[0].getsockname()[1]}")

        async def ask() -> None:
            await valkey.ask("INFO", "server")

        valkey.on_connect.append(ask)
        running = asyncio.create_task(valkey.run())
        with suppress(TimeoutError):
            await asyncio.wait_for(again.wait(), 10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for writer in tried:
            writer.transport.abort()
    return len(tried)


@pytest.mark.parametrize("credentials", ["", ":secret@"])
def test_a_server_that_hangs_from_the_start_is_left(credentials: str) -> None:
    """Whether it is to be greeted, or asked for what must be known first: its successor would never be found."""
    assert asyncio.run(_tries(credentials)) == 2
