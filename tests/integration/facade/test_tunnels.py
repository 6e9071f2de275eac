"""Websockets end when both sides are silent, and not before."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream

SILENCE = 1.0
TIMES, PAUSE = 8, 0.2
HEAD = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
AGREED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    own = {"FACADE_TUNNEL_TIMEOUT": str(SILENCE), "VALKEY_URL": ""}
    entrance = Entrance(upstreams[0], tmp_path_factory.mktemp("tunnels"), own).start()
    yield entrance
    entrance.stop()


def _talk(wire: socket.socket) -> None:
    for _ in range(TIMES):
        wire.sendall(b"x")
        time.sleep(PAUSE)


def _listen(wire: socket.socket) -> bytes:
    """Everything until the other end closes."""
    said = b""
    while part := wire.recv(1000):
        said += part
    return said


@pytest.mark.parametrize("talker", ["client", "upstream"])
def test_it_is_enough_that_one_side_talks(entrance: Entrance, monolith: ScriptedUpstream, talker: str) -> None:
    """Whoever only listens is not taken for gone; once nobody talks, both are let go."""
    heard: list[bytes] = []

    def script(request: Received) -> bytes:
        request.wire.sendall(AGREED)
        if talker == "upstream":
            _talk(request.wire)
        heard.append(_listen(request.wire))
        raise Drop

    monolith.script = script
    with socket.create_connection(("127.0.0.1", entrance.port), timeout=10) as client:
        client.sendall(HEAD)
        if talker == "client":
            _talk(client)
        said = _listen(client).partition(b"\r\n\r\n")[2]
    until(lambda: heard)
    assert (said if talker == "upstream" else heard[0]) == b"x" * TIMES
    until(lambda: gauge(entrance, "requests_in_flight") == 0)


def test_http_1_0_knows_no_upgrade(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """It is a request like any other (RFC 9110, 7.8)."""
    got = entrance.raw(HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert got.startswith(b"HTTP/1.1 200 ")
    assert monolith.received[-1].header("upgrade") is None
