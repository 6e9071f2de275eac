"""What passes through the facade, and what does not."""

import hashlib
import socket
import time
from collections.abc import Callable

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

MIB = 1024 * 1024


def test_unknown_path_goes_to_the_monolith(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """What no context claims is the monolith's, with path and query untouched."""
    reply = entrance.ask("GET", "/shop/a%41b%20c?q=%2F&q=2")
    assert (reply.status, reply.body) == (200, b"ok")
    assert [r.target for r in monolith.received] == ["/shop/a%41b%20c?q=%2F&q=2"]


def test_request_is_identified_and_its_origin_told(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Upstreams learn who asked, for which host, in which trace; callers cannot lie about it."""
    reply = entrance.ask(
        "GET", "/x", Host="shop.example", X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6", X_Real_IP="6.6.6.6"
    )
    request = monolith.received[0]
    assert request.header("host") == "shop.example"
    assert request.header("x-forwarded-for") == "127.0.0.1"
    assert request.header("x-forwarded-host") == "shop.example"
    assert request.header("forwarded") == 'for=127.0.0.1;proto=http;host="shop.example"'
    assert request.header("x-real-ip") is None
    assert request.header("x-request-id") == reply.header("x-request-id")
    version, trace, parent, flags = (request.header("traceparent") or "").split("-")
    assert (version, len(trace), len(parent), flags) == ("00", 32, 16, "00")


def test_identity_of_a_request_is_kept(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A caller's request id and trace go on as they came, when they are well formed."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    reply = entrance.ask("GET", "/x", X_Request_Id="mine-1", Traceparent=trace)
    assert monolith.received[0].header("traceparent") == trace
    assert monolith.received[0].header("x-request-id") == reply.header("x-request-id") == "mine-1"


def test_connection_headers_stop_here(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Hop-by-hop headers, and those that Connection names, pass in neither direction."""
    monolith.script = lambda request: answer(
        Connection="X-Secret, keep-alive", X_Secret="1", Keep_Alive="timeout=5", Proxy_Authenticate="x", X_Kept="1"
    )
    reply = entrance.ask("GET", "/x", Connection="X-Hop", X_Hop="1", TE="trailers", Keep_Alive="5", X_Kept="1")
    names = {name.lower() for name, _ in monolith.received[0].headers}
    assert not names & {"connection", "x-hop", "te", "keep-alive"}
    assert "x-kept" in names
    assert {reply.header(name) for name in ("x-secret", "keep-alive", "proxy-authenticate")} == {None}
    assert reply.header("x-kept") == "1"


def test_banyan_headers_are_spoken_inside_only(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Nobody outside can ask as a replica would, in no spelling, nor see what upstreams tell the facade."""
    monolith.script = lambda request: answer(Banyan_Position="users=1:5", Banyan_Subject="x")
    data = b"GET /x HTTP/1.1\r\nHost: a\r\nBanyan-Read: replica\r\nBanyan_Read: replica\r\nConnection: close\r\n\r\n"
    said = entrance.raw(data).lower()
    assert b"200 ok" in said
    assert b"banyan-" not in said
    spoken = {name.lower() for name, _ in monolith.received[0].headers if name.lower().startswith("banyan")}
    assert spoken == {"banyan-timeout", "banyan-caller"}, "the facade's own"


@pytest.mark.parametrize(
    "path",
    [
        "/internal/",
        "/internal",
        "//internal/x",
        "/%69nternal/x",
        "/INTERNAL/x",
        "/internal;a/b",
    ],
)
def test_internal_is_closed_to_the_outside(entrance: Entrance, monolith: ScriptedUpstream, path: str) -> None:
    """However it is spelled, /internal is not found, and no upstream hears of it."""
    reply = entrance.ask("GET", path)
    assert (reply.status, reply.json()["type"]) == (404, "urn:banyan:problem:not-found")
    assert monolith.received == []


def test_a_path_that_only_looks_internal_passes(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """The closed door is /internal, not every word that contains it."""
    assert entrance.ask("GET", "/blog/internal/notes").status == 200
    assert entrance.ask("GET", "/internals").status == 200
    assert len(monolith.received) == 2


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 404)])
def test_own_paths_are_exactly_three(entrance: Entrance, monolith: ScriptedUpstream, path: str, status: int) -> None:
    """The facade answers three paths itself, and shadows nothing below or beside them. Nobody's metrics are told out here."""
    assert entrance.ask("GET", path).status == status
    assert monolith.received == []
    entrance.ask("GET", f"{path}/more")
    assert [r.target for r in monolith.received] == [f"{path}/more"]


@pytest.mark.parametrize(
    ("method", "said", "status", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n", 200, b""),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n",
            200,
            b"abcde",
        ),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + answer(), 200, b"ok"),
        ("GET", b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil the end", 200, b"until the end"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ],
)
def test_every_framing_of_an_answer(
    entrance: Entrance, monolith: ScriptedUpstream, method: str, said: bytes, status: int, body: bytes
) -> None:
    """An answer keeps its meaning however it is framed, and the connection behind it serves the next request."""
    monolith.script = lambda request: said
    for _ in range(5):
        reply = entrance.ask(method, "/x")
        assert (reply.status, reply.body) == (status, body)
    connections = len({r.connection for r in monolith.received})
    # Two: while one of them fetches the route feed, a request takes the other.
    assert connections == 5 if b"HTTP/1.0" in said else connections <= 2


def test_upload_of_a_mebibyte_streams(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A large body arrives whole, with a length and without one."""
    monolith.script = lambda request: answer(hashlib.sha256(request.body).hexdigest().encode())
    body = b"0123456789abcdef" * (MIB // 16)
    digest = hashlib.sha256(body).hexdigest().encode()
    assert entrance.ask("POST", "/up", body).body == digest
    chunked = b"".join(b"%x\r\n%b\r\n" % (50_000, body[i : i + 50_000]) for i in range(0, 1_000_000, 50_000))
    head = b"POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    said = entrance.raw(head + chunked + b"0\r\n\r\n")
    assert said.endswith(hashlib.sha256(body[:1_000_000]).hexdigest().encode())
    assert monolith.received[1].header("transfer-encoding") == "chunked"


def test_small_chunked_body_gets_a_length(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A body that fits into memory is sent on with its length, so that it can be sent again."""
    entrance.raw(b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert (monolith.received[0].body, monolith.received[0].header("content-length")) == (b"abc", "3")


def test_download_of_a_mebibyte_streams(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A large answer arrives whole."""
    body = bytes(range(256)) * (MIB // 256)
    monolith.script = lambda request: answer(body)
    assert entrance.ask("GET", "/down").body == body


def test_slow_reader_holds_its_upstream_and_nobody_else(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Backpressure: an answer is taken from the upstream no faster than the client reads it."""
    sent = 0

    def script(request: Received) -> bytes:
        nonlocal sent
        if request.target != "/down":
            return answer()
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(64):
            request.wire.sendall(b"x" * MIB)
            sent += 1
        return b""

    monolith.script = script
    with socket.create_connection(("127.0.0.1", entrance.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.sendall(b"GET /down HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: sent > 0)
        held = _settled(lambda: sent)
        assert held < 32, "the facade took the answer into its own memory"
        assert entrance.ask("GET", "/other").status == 200
        received = 0
        client.settimeout(10)
        while received < 64 * MIB:
            received += len(client.recv(MIB))
    assert sent == 64


def _settled(read: Callable[[], int]) -> int:
    """A count once it has stopped growing for a while."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 0.5:
        now = read()
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.02)
    return last


def test_client_that_leaves_frees_the_upstream(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An endless answer ends when its client goes away."""
    ended = []

    def script(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                request.wire.sendall(b"5\r\nevent\r\n")
                time.sleep(0.01)
        except OSError:
            ended.append(True)
        return b""

    monolith.script = script
    with socket.create_connection(("127.0.0.1", entrance.port)) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: b"event" in client.recv(4096))
    until(lambda: ended)


def test_expect_100_continue(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A client that waits to be told to go on is told so, and the upstream gets a plain request."""
    with socket.create_connection(("127.0.0.1", entrance.port), timeout=5) as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"abc")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
    assert (monolith.received[0].body, monolith.received[0].header("expect")) == (b"abc", None)


def test_upstreams_are_told_the_time_that_is_left(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """What the client gave itself, less what has passed: the second attempt has less than the first."""

    def late_once(request: Received) -> bytes:
        if len(monolith.received) == 1:
            time.sleep(0.05)
            raise Drop
        return answer()

    monolith.script = late_once
    assert entrance.ask("GET", "/x", Banyan_Timeout="5000").status == 200
    first, second = (int(request.header("banyan-timeout") or 0) for request in monolith.received)
    assert 0 < second <= first - 50
    assert first <= 5000


def test_websocket_passes_through(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """After both have agreed, bytes pass both ways as they are, also those that came with the heads, until one side ends."""
    agreed = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello"

    def echo(request: Received) -> bytes:
        request.wire.sendall(agreed)
        while data := request.wire.recv(100):
            request.wire.sendall(data.upper())
        raise Drop

    monolith.script = echo
    head = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nearly"
    with socket.create_connection(("127.0.0.1", entrance.port), timeout=5) as client:
        client.sendall(head)
        said = b""
        while not said.endswith(b"EARLY"):
            said += client.recv(1000)
        assert said.startswith(b"HTTP/1.1 101 ")
        assert said.partition(b"\r\n\r\n")[2] == b"helloEARLY"
        client.sendall(b"\x00\x81 late")
        assert client.recv(100) == b"\x00\x81 LATE"
    assert monolith.received[0].header("sec-websocket-key") == "k"
    assert monolith.received[0].header("upgrade") == "websocket"
    until(lambda: "requests_in_flight 0" in entrance.metrics())


def test_websocket_refused_by_the_upstream_is_an_answer(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An upstream that will not switch answers as to any other request."""
    head = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert entrance.raw(head, seconds=1).endswith(b"\r\n\r\nok")


def test_trace_is_not_passed_on(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A method that would echo credentials is refused here."""
    assert entrance.raw(b"TRACE /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 405")
    assert monolith.received == []
