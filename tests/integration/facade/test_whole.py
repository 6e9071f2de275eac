"""Answers have an end, or are ended: however much an upstream says meanwhile."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

WHOLE, SILENCE, DEADLINE = 1.0, 1.2, 2.5
POLICIES = f"""
[defaults]
authenticate = "none"
secure = false

[[routes]]
path = "/gathered"
cache = true

[resilience.default]
breaker = {{ minimum = 1000000 }}
ejection = {{ failures = 1000000 }}
timeouts = {{ read = 0.8, whole = {WHOLE} }}

[resilience.users]
deadline = {{ total = {DEADLINE} }}
timeouts = {{ whole = 0 }}
"""
ME = "/api/v1/users/me"
LENGTH, CHUNKED = b"Content-Length: 1000", b"Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    folder: Path = tmp_path_factory.mktemp("whole")
    (folder / "policies.toml").write_text(POLICIES)
    own = {"FACADE_POLICIES": str(folder / "policies.toml"), "VALKEY_URL": "", "FACADE_TUNNEL_TIMEOUT": str(SILENCE)}
    entrance = Entrance(upstreams[0], folder / "var", own).start()
    yield entrance
    entrance.stop()


class Drip:
    """A script that says a byte five times a second, `times` times; `dripped` is how often it could."""

    def __init__(self, *head: bytes, times: int = 1000) -> None:
        self._head = b"HTTP/1.1 200 OK\r\n" + b"".join(line + b"\r\n" for line in head) + b"\r\n"
        self._chunked = CHUNKED in head
        self._times = times
        self.dripped = 0

    def __call__(self, request: Received) -> bytes:
        request.wire.sendall(self._head)
        try:
            for _ in range(self._times):
                request.wire.sendall(b"1\r\nx\r\n" if self._chunked else b"x")
                self.dripped += 1
                time.sleep(0.2)
        except OSError:
            raise Drop from None
        return b"0\r\n\r\n" if self._chunked else b""


def seconds(began: float) -> float:
    return time.monotonic() - began


@pytest.mark.parametrize("path", ["/x", "/gathered/x"])
@pytest.mark.parametrize("framing", [LENGTH, CHUNKED])
def test_a_dripping_answer_is_ended(entrance: Entrance, monolith: ScriptedUpstream, path: str, framing: bytes) -> None:
    """Its client is told where none of it was passed on, and cut off where some was; the upstream is let go."""
    monolith.script = drip = Drip(framing, b"Content-Type: application/json")
    began = time.monotonic()
    if framing == CHUNKED and path == "/x":
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            entrance.ask("GET", path)
    else:
        reply = entrance.ask("GET", path)
        assert (reply.status, reply.json()["type"]) == (504, "urn:banyan:problem:timed-out")
    assert WHOLE <= seconds(began) < WHOLE + 1
    until(lambda: gauge(entrance, "requests_in_flight") == 0)
    said = drip.dripped
    assert said >= 3, "it was never silent"
    monolith.script = lambda request: answer()
    assert entrance.ask("GET", path).status == 200


def test_an_answer_that_ends_in_time_is_whole(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """It may take longer than any silence may."""
    monolith.script = Drip(CHUNKED, times=4)
    assert entrance.ask("GET", "/x").body == b"xxxx"


def test_a_context_may_have_no_limit(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """0 says so."""
    monolith.script = Drip(CHUNKED, times=9)
    began = time.monotonic()
    assert entrance.ask("GET", ME).body == b"x" * 9
    assert seconds(began) > WHOLE + 0.5


def test_a_small_answer_to_an_upload_is_there_by_the_deadline(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """As one to any request, for its client can be told that it is not; also where answers have no other limit."""
    monolith.script = Drip(LENGTH)
    began = time.monotonic()
    reply = entrance.ask("POST", ME, b"x" * (2 << 20))
    assert (reply.status, reply.json()["type"]) == (504, "urn:banyan:problem:timed-out")
    assert DEADLINE <= seconds(began) < DEADLINE + 2


def test_a_stream_has_none(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Events come for as long as there are any, also where answers are gathered for the cache."""
    for path in ("/x", "/gathered/events"):
        monolith.script = Drip(CHUNKED, b"Content-Type: text/event-stream", times=9)
        assert entrance.ask("GET", path).body == b"x" * 9


UPGRADE = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


@pytest.mark.parametrize("speaks", ["both", "client", "upstream"])
def test_a_websocket_has_none(entrance: Entrance, monolith: ScriptedUpstream, speaks: str) -> None:
    """It goes on as long as anything passes, also where one side only listens; then it is ended for both."""
    heard = threading.Event()

    def other(request: Received) -> bytes:
        request.wire.sendall(SWITCHED)
        while speaks == "upstream" and not heard.wait(0.1):
            request.wire.sendall(b"x")
        while data := request.wire.recv(100):
            if speaks == "both":
                request.wire.sendall(data)
        raise Drop

    monolith.script = other
    with socket.create_connection(("127.0.0.1", entrance.port), timeout=5) as client:
        client.sendall(UPGRADE)
        assert client.recv(len(SWITCHED) - 2).startswith(b"HTTP/1.1 101 ")
        began = time.monotonic()
        while seconds(began) < WHOLE + SILENCE + 0.5:
            if speaks != "upstream":
                client.sendall(b"x")
                heard.wait(0.1)
            if speaks != "client":
                assert client.recv(1000)
        heard.set()
        began = time.monotonic()
        while client.recv(1000):  # until the facade ends it
            assert seconds(began) < 4
        assert seconds(began) > SILENCE / 2
    until(lambda: monolith.received[-1].wire not in monolith.open)


def test_a_connection_is_kept_after_a_stream(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """The limit was the answer's, not the connection's."""
    monolith.script = Drip(CHUNKED, times=1)
    assert entrance.ask("GET", "/x").status == 200
    wire, began = monolith.received[-1].wire, time.monotonic()
    until(lambda: seconds(began) > WHOLE + 0.5 or wire not in monolith.open)
    assert wire in monolith.open


def test_a_client_that_takes_its_time_holds_no_upstream_for_ever(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Slowly as it may read, the upstream's connection is free when the time is over."""

    def large(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
        try:
            for _ in range(64):
                request.wire.sendall(b"x" * (1 << 20))
        except OSError:
            raise Drop from None
        return b""

    monolith.script = large
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        client.connect(("127.0.0.1", entrance.port))
        client.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: gauge(entrance, "upstream_connections") > 0 and monolith.received)
        client.settimeout(0.05)
        began = time.monotonic()

        def trickles() -> bool:
            client.recv(200_000)
            return gauge(entrance, "requests_in_flight") == 0

        until(trickles, 10)
        assert seconds(began) > WHOLE - 0.5
