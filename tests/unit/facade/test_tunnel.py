"""What two sides have to say to each other reaches them, also when one of them has ended."""

import asyncio
import socket
from typing import Any

from facade.entrance.wire import ClientGone
from facade.tunnel import join
from facade.upstream import Connection

HELLO = b"GET /ws HTTP/1.1\r\n\r\n"


class Parting:
    """A client that says something, and closes behind it."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.gone = False

    def switch(self, lines: bytes) -> None:
        assert lines

    async def part(self) -> bytes:
        said, self._said = self._said, b""
        if not said:
            self.gone = True
            raise ClientGone
        return said


def _all(peer: socket.socket) -> bytes:
    parts = []
    while part := peer.recv(65_536):
        parts.append(part)
    return b"".join(parts)


async def _parted(said: bytes) -> bytes:
    """What an upstream gets of these words, that begins to read when the client has gone."""
    loop = asyncio.get_running_loop()
    connection = Connection(loop)
    made: Any = lambda: connection  # noqa: E731 a protocol by its methods
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        transport, _ = await loop.create_connection(made, *server.getsockname())
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        peer, _ = server.accept()
    with peer:
        peer.settimeout(10)
        connection.begin(HELLO, head_only=False, upgrade=True)
        peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        await connection.head(10)
        client: Any = Parting(said)
        joined = asyncio.create_task(join(client, connection, b"x: y\r\n", 60, 60))
        joined.add_done_callback(lambda _: connection.close())  # as the pool does with what cannot be used again
        while not client.gone:
            await asyncio.sleep(0)
        got = await asyncio.to_thread(_all, peer)
        await joined
    return got


def test_last_words_reach_an_upstream_that_is_slow() -> None:
    """Although their sender has gone, and nothing would be waited for any more."""
    said = bytes(range(250)) * 240
    assert asyncio.run(_parted(said)) == HELLO + said
