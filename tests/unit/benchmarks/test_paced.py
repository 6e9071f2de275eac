"""The open loop keeps its pace whatever the server does, and counts a request's time from when it was due."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.gateway.paced import PaceLost, latencies

REQUESTS = [b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /two HTTP/1.1\r\nHost: a\r\n\r\n"]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
STEP = 0.002


class Server:
    """Answers every request with `answer`, but none before `hold` of them have come, and `stall` seconds after that."""

    def __init__(self, answer: bytes = ANSWER, hold: int = 1, stall: float = 0) -> None:
        self.seen: list[bytes] = []
        self._answer = answer
        self._hold = hold
        self._stall = stall
        self._go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.seen.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1])
                if len(self.seen) == self._hold:
                    asyncio.get_running_loop().call_later(self._stall, self._go.set)
                await self._go.wait()
                writer.write(self._answer)
        except asyncio.IncompleteReadError:
            writer.close()


@contextmanager
def running(server: Server) -> Iterator[int]:
    """The server's port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(server.serve, "127.0.0.1", 0), loop).result()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(listening: asyncio.Server) -> None:
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def test_every_request_is_sent_and_answered() -> None:
    """As many as the rate and the time say, the given requests in turn."""
    server = Server()
    with running(server) as port:
        found = latencies(port, REQUESTS, 1 / STEP, 0.1)
    assert len(found) == 50
    assert server.seen.count(b"/one") == server.seen.count(b"/two") == 25
    assert min(found) > 0


def test_requests_are_sent_though_earlier_ones_are_not_answered() -> None:
    """A closed loop would wait for ever; here the first request's time spans those of all that came after."""
    with running(Server(hold=30)) as port:
        found = latencies(port, REQUESTS, 1 / STEP, 0.1)
    assert len(found) == 50
    assert max(found) >= 29 * STEP


def test_a_request_that_found_no_connection_free_counts_from_when_it_was_due() -> None:
    """Two connections that hang for twenty steps delay all that was due meanwhile, not only the two requests on them."""
    with running(Server(stall=20 * STEP)) as port:
        found = latencies(port, REQUESTS, 1 / STEP, 0.1, connections=2)
    assert len(found) == 50
    assert sum(latency >= 9 * STEP for latency in found) >= 10


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["refused", "without a length"],
)
def test_an_answer_that_is_none_is_not_measured(answer: bytes) -> None:
    """A fast refusal is no low latency."""
    with running(Server(answer)) as port, pytest.raises(PaceLost):
        latencies(port, REQUESTS, 1 / STEP, 0.1)
