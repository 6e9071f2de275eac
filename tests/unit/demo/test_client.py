"""The generator's HTTP client, against servers that misbehave."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from migrations_tools.demo.client import Answer, Client, NoAnswer

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def _ask(serve: Serve, times: int = 1, timeout: float = 5.0) -> list[Answer | str]:
    answers: list[Answer | str] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Client(f"http://127.0.0.1:{port}", timeout=timeout) as client:
        for _ in range(times):
            try:
                answers.append(await client.request("POST", "/x", b"{}"))
            except NoAnswer as silence:
                answers.append(silence.reason)
    return answers


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def test_a_connection_is_kept() -> None:
    """Requests that follow each other go over one connection."""
    connections: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(await _request(reader))
        for _ in range(2):
            writer.write(GOOD)
            await _request(reader)
        writer.write(GOOD)

    answers = asyncio.run(_ask(serve, times=3))
    assert answers == [Answer(200, b"ok")] * 3
    assert len(connections) == 1


def test_an_interim_answer_is_not_the_answer() -> None:
    """103 Early Hints precedes the answer and does not replace it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + GOOD)

    assert asyncio.run(_ask(serve)) == [Answer(200, b"ok")]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "connection closed"),
        (GOOD[:-1], "connection closed"),
        (b"nonsense\r\n\r\n", "unreadable answer"),
    ],
)
def test_a_broken_answer_is_no_answer(sent: bytes, reason: str) -> None:
    """A server that hangs up early, in the middle, or speaks nonsense leaves the outcome unknown; nothing is sent again."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await _request(reader))
        writer.write(sent)
        writer.close()

    (answer,) = asyncio.run(_ask(serve))
    assert isinstance(answer, str)
    assert answer.startswith(reason)
    assert len(requests) == 1


def test_silence_ends_with_the_timeout() -> None:
    """A server that never answers does not hold a customer for ever, and its connection is not used again."""
    peers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer)
        await reader.read()
        writer.close()

    assert asyncio.run(_ask(serve, times=2, timeout=0.1)) == ["timeout", "timeout"]
    assert len(peers) == 2


def test_a_closed_port_is_no_answer() -> None:
    """A connection that is refused is told as such."""

    async def ask() -> None:
        async with Client("http://127.0.0.1:1") as client:
            await client.request("GET", "/")

    with pytest.raises(NoAnswer, match="no connection"):
        asyncio.run(ask())
