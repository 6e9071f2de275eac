"""Upstreams that misbehave: what a client gets, and what is never sent twice (trap 13)."""

import http.client
import socket
import threading
import time
from typing import BinaryIO

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import Drop, Hang, Received, Script, ScriptedUpstream, answer


def drop(request: Received) -> bytes:
    raise Drop


def hang(request: Received) -> bytes:
    raise Hang


def drop_first(times: int = 1) -> Script:
    seen: list[Received] = []

    def script(request: Received) -> bytes:
        seen.append(request)
        if len(seen) <= times:
            raise Drop
        return answer()

    return script


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_idempotent_request_survives_a_closed_connection(entrance: Entrance, monolith: ScriptedUpstream, method: str) -> None:
    """A connection closed without an answer costs an idempotent request nothing."""
    monolith.script = drop_first()
    assert entrance.ask(method, "/x", b"body" if method == "PUT" else None).status == 200
    assert len(monolith.received) == 2
    assert {r.body for r in monolith.received} == ({b"body"} if method == "PUT" else {b""})


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_trap_13_post_is_never_sent_twice(entrance: Entrance, monolith: ScriptedUpstream, method: str) -> None:
    """A request that may have been executed is not repeated: the client is told that nobody knows."""
    for _ in range(3):
        assert entrance.ask("GET", "/warm").status == 200
    monolith.received.clear()
    monolith.script = drop
    reply = entrance.ask(method, "/x", b"body")
    assert (reply.status, reply.json()["type"]) == (502, "urn:banyan:problem:no-answer")
    assert len(monolith.received) == 1


def test_trap_13_key_helps_only_where_the_upstream_honours_it(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An Idempotency-Key makes a POST repeatable for orders, and nowhere else."""
    monolith.script = drop_first()
    assert entrance.ask("POST", "/api/v1/orders", b"{}", Idempotency_Key="k").status == 200
    assert len(monolith.received) == 2
    monolith.script = drop_first()
    assert entrance.ask("POST", "/api/v1/orders", b"{}").status == 502
    assert entrance.ask("POST", "/api/v1/other", b"{}", Idempotency_Key="k").status == 200
    monolith.script = drop
    monolith.received.clear()
    assert entrance.ask("POST", "/api/v1/other", b"{}", Idempotency_Key="k").status == 502
    assert len(monolith.received) == 1


def test_request_that_kills_its_upstream_is_not_repeated_for_ever(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Three closed connections are enough."""
    monolith.script = drop
    assert entrance.ask("GET", "/x").status == 502
    assert len(monolith.received) == 3


def test_connections_that_the_upstream_closed_are_noticed(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An upstream that closes after each answer without a word loses no POST, and gets each once."""

    def script(request: Received) -> bytes:
        request.wire.sendall(answer())
        raise Drop

    monolith.script = script
    for number in range(50):
        assert entrance.ask("POST", f"/x/{number}", b"body").status == 200
    assert [r.target for r in monolith.received] == [f"/x/{number}" for number in range(50)]


def test_half_of_a_small_answer_is_replaced(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Nothing of it was passed on yet, so the client can be told what happened."""
    monolith.script = lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf"
    reply = entrance.ask("GET", "/x")
    assert (reply.status, reply.json()["type"]) == (502, "urn:banyan:problem:no-answer")


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nNOT A SIZE\r\n",
    ],
)
def test_half_an_answer_never_looks_complete(entrance: Entrance, monolith: ScriptedUpstream, said: bytes) -> None:
    """When the upstream breaks off, the client's connection is cut before its answer looks whole."""

    def script(request: Received) -> bytes:
        request.wire.sendall(said)
        time.sleep(0.05)
        raise Drop

    monolith.script = script
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        entrance.ask("GET", "/x")
    assert len(monolith.received) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_garbage_is_a_bad_gateway(entrance: Entrance, monolith: ScriptedUpstream, said: bytes) -> None:
    """What is no HTTP answer becomes a defined one, and is not asked for again."""

    def script(request: Received) -> bytes:
        request.wire.sendall(said)
        raise Drop

    monolith.script = script
    assert entrance.ask("POST", "/x", b"body").status == 502
    assert len(monolith.received) == 1


def test_what_was_left_on_a_connection_is_no_answer(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An upstream that says too much, too late for it to be noticed: a read is asked again where nothing can be left."""
    used: set[int] = set()

    def script(request: Received) -> bytes:
        if request.connection in used:
            return b"and more of the answer before"
        used.add(request.connection)
        return answer()

    monolith.script = script
    for _ in range(4):
        assert entrance.ask("GET", "/x").body == b"ok"
    assert len(monolith.received) > len(used), "some were asked again"


def test_second_answer_is_nobodys(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Bytes beyond an answer are not taken for the answer to the next request."""
    monolith.script = lambda request: answer(b"first") + answer(b"poison")
    for _ in range(3):
        assert entrance.ask("GET", "/x").body == b"first"
    assert len({r.connection for r in monolith.received}) == 3


def test_silent_upstream_times_out(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Silence ends in a 504 after the read timeout, and the request is not repeated."""
    monolith.script = hang
    started = time.monotonic()
    assert entrance.ask("GET", "/x").status == 504
    assert 0.9 < time.monotonic() - started < 2
    assert len(monolith.received) == 1


def test_slow_drip_is_no_silence(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An upstream that keeps talking may take longer than the read timeout in all."""

    def script(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            time.sleep(0.2)
            request.wire.sendall(b"x")
        return b""

    monolith.script = script
    assert entrance.ask("GET", "/x").body == b"xxxxxxxx"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_restart_of_an_upstream_is_ridden_out(entrance: Entrance, monolith: ScriptedUpstream, method: str) -> None:
    """While nothing listens nothing is executed, so even a POST waits for the upstream to come back, once."""
    monolith.stop()
    until(lambda: not monolith.open)
    timer = threading.Timer(0.4, monolith.start)
    timer.start()
    assert entrance.ask(method, "/x", b"body" if method == "POST" else None).status == 200
    timer.join()
    assert len(monolith.received) == 1


def test_upstream_that_stays_away(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """After the deadline the client is told that nothing was executed, and when to come back."""
    monolith.stop()
    until(lambda: not monolith.open)
    try:
        started = time.monotonic()
        reply = entrance.ask("POST", "/x", b"body")
        assert (reply.status, reply.json()["type"]) == (503, "urn:banyan:problem:upstream-unreachable")
        assert reply.header("retry-after") == "1"
        assert 1 < time.monotonic() - started < 3
    finally:
        monolith.start()


def test_early_refusal_of_an_upload_is_heard(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An upstream that answers before it has read the body is not flooded, and its answer reaches the client."""
    refusal = answer(b"too big", "413 Content Too Large", Connection="close")
    reading = monolith.read_body

    def script(request: Received) -> bytes:
        return refusal

    monolith.script = script
    monolith.read_body = lambda request, stream: b""  # type: ignore[method-assign]
    try:
        with socket.create_connection(("127.0.0.1", entrance.port), timeout=5) as client:
            client.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 100_000)
            assert client.recv(1000).startswith(b"HTTP/1.1 413")
    finally:
        monolith.read_body = reading  # type: ignore[method-assign]


def test_client_that_leaves_in_the_middle_of_its_body(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """No upstream takes half a body for a whole one."""
    began, ended = threading.Event(), []
    reading = monolith.read_body

    def read(request: Received, stream: BinaryIO) -> bytes:
        if request.method != "POST":
            return b""
        began.set()
        body = reading(request, stream)
        ended.append(len(body))
        raise Drop

    monolith.read_body = read  # type: ignore[method-assign]
    try:
        with socket.create_connection(("127.0.0.1", entrance.port)) as client:
            client.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
            until(began.is_set)
        until(lambda: ended)
        assert ended[0] < 200_000
        assert monolith.received == []
    finally:
        monolith.read_body = reading  # type: ignore[method-assign]


def test_no_connection_is_leaked(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """After every kind of failure the facade holds no more connections than it uses."""
    for script in (drop, hang, lambda request: b"garbage\r\n\r\n", lambda request: answer() + b"more"):
        monolith.script = script
        entrance.ask("GET", "/x")
    monolith.script = lambda request: answer()
    entrance.ask("GET", "/x")
    until(lambda: len(monolith.open) <= 2)
    text = entrance.metrics()
    assert "banyan_facade_requests_in_flight 0" in text or "banyan_facade_requests_in_flight 1" in text
