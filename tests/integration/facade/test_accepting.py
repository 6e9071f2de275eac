"""Connections that come at once are shared among the workers, and none is lost with a worker that is killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.load import alive, workers
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

_AT_ONCE = 32
_TIMES = 8
_LEAST = 3
"""Of those that come at once, by chance alone: fewer of 32 for one of two workers happens once in four million times."""
_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: facade\r\n\r\n"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Entrance]:
    """A facade of two workers that accept clients."""
    monolith = ScriptedUpstream(feed=feed(1, "monolith")).start()
    entrance = Entrance(monolith, tmp_path, workers=2).start()
    until(lambda: len(workers(entrance)) == 2)
    yield entrance
    entrance.stop()
    monolith.stop()


class AtOnce:
    """So many connections, made without waiting for each other; each asks for something."""

    def __init__(self, port: int, count: int = _AT_ONCE) -> None:
        self._stack = ExitStack()
        self.clients = [self._stack.enter_context(socket.socket()) for _ in range(count)]
        for client in self.clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        for client in self.clients:
            client.settimeout(10)
            client.sendall(_HEALTH)

    def answered(self) -> list[bytes]:
        """What each got first of its answer."""
        return [client.recv(12) for client in self.clients]

    def __enter__(self) -> "AtOnce":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def held(worker: int, port: int) -> int:
    """How many clients' connections a worker holds."""
    mine = [one for one in psutil.Process(worker).net_connections("tcp") if one.laddr and one.laddr.port == port]
    return sum(one.status == psutil.CONN_ESTABLISHED for one in mine)


def test_connections_that_come_at_once_are_shared(pair: Entrance) -> None:
    """Time and again, each worker gets some, and altogether both get about the same: whichever wakes first takes no more than
    its share.
    """
    shares = []
    for _ in range(_TIMES):
        until(lambda: all(held(worker, pair.port) == 0 for worker in workers(pair)))
        with AtOnce(pair.port) as crowd:
            assert set(crowd.answered()) == {b"HTTP/1.1 200"}
            shares.append([held(worker, pair.port) for worker in workers(pair)])
    assert [sum(share) for share in shares] == [_AT_ONCE] * _TIMES
    assert min(min(share) for share in shares) >= _LEAST, shares
    one, other = (sum(share) for share in zip(*shares, strict=True))
    assert min(one, other) > 0.3 * (one + other), shares


def test_connections_wait_for_the_successor_of_a_killed_worker(pair: Entrance) -> None:
    """One worker is stopped in the middle of everything, and then killed: who has connected to it meanwhile is answered."""
    victim, other = workers(pair)
    os.kill(victim, signal.SIGSTOP)
    with AtOnce(pair.port) as crowd:
        until(lambda: held(other, pair.port) > 0)
        os.kill(victim, signal.SIGKILL)
        until(lambda: not alive(victim))
        assert crowd.answered() == [b"HTTP/1.1 200"] * _AT_ONCE
    assert other in workers(pair)
    until(lambda: len(workers(pair)) == 2)


def test_an_address_that_somebody_has_is_refused(pair: Entrance) -> None:
    """Two facades that shared a port by mistake would each answer some requests: the second does not start, and says why."""
    assert pair.process is not None
    for count in ("1", "2"):
        environment = {**os.environ, "MONOLITH_URL": pair.monolith.url, "BANYAN_VAR": str(pair.var)}
        command = [sys.executable, "-m", "facade", "serve", "--port", str(pair.port), "--workers", count]
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert "in use" in second.stderr
    assert pair.ask("GET", "/healthz").status == 200


def test_who_comes_too_late_is_refused_at_once(pair: Entrance) -> None:
    """While one worker ends what is under way, no door is open any more, neither its own nor the other's: nobody is left waiting
    behind one.
    """
    assert pair.process is not None
    told = threading.Event()

    def late(request: Received) -> bytes:
        told.wait(10)
        return answer(b"late")

    pair.monolith.script = late
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(pair.ask, "GET", "/x")
        until(lambda: pair.monolith.received)
        pair.process.send_signal(signal.SIGTERM)
        until(lambda: len(workers(pair)) == 1)
        assert [_refused(pair.port) for _ in range(_AT_ONCE)] == [True] * _AT_ONCE
        told.set()
        assert asked.result(10).body == b"late"


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False
