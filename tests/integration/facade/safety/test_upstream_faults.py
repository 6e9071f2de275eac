"""Whatever an upstream does wrong, its client gets a defined answer, or is cut off, and no connection is left behind."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.integration.facade.entrance import Entrance, Reply, until
from tests.integration.facade.safety.conftest import Gauges
from tests.integration.facade.safety.faults import CUT, FAULTS, Fault
from tests.integration.facade.safety.wire import Wire
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

_PROBLEMS = {502: "urn:banyan:problem:no-answer", 504: "urn:banyan:problem:timed-out"}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def running(quiet: Callable[..., Entrance]) -> Entrance:
    return quiet(read=0.5, FACADE_RETRY_DEADLINE="0.3", FACADE_IDLE_TIMEOUT="0.1")


@pytest.fixture
def facade(running: Entrance) -> Iterator[Entrance]:
    """A facade that has nothing under way, neither before the test nor after it."""
    running.monolith.reset()
    yield running
    running.monolith.reset()
    reply = running.ask("GET", "/after")
    assert (reply.status, reply.body) == (200, b"ok"), "the next request got what was left of another"
    Gauges(running).settle()


def _outcome(facade: Entrance, method: str) -> Reply | None:
    """The answer; None when the facade cut it off."""
    try:
        return facade.ask(method, "/x", b"body" if method == "POST" else None)
    except (http.client.IncompleteRead, http.client.RemoteDisconnected, ConnectionResetError):
        return None


def _judge(fault: Fault, reply: Reply | None) -> None:
    status = CUT if reply is None else reply.status
    assert status in fault.told
    if reply is None:
        return
    if status in _PROBLEMS:
        assert reply.json()["type"] == _PROBLEMS[status]
    assert fault.body is None or reply.body == fault.body
    assert reply.header("set-cookie") is None or "forged" not in (reply.header("set-cookie") or "")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(fault: Fault, facade: Entrance) -> None:
    """A request that must not be sent twice is sent once, and its client is told what can be told."""
    facade.monolith.script = fault.script
    _judge(fault, _outcome(facade, "POST"))
    assert len(facade.monolith.received) == 1


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if "silence" not in fault.name and "ever" not in fault.name],
                         ids=lambda fault: fault.name)  # fmt: skip
def test_fault_of_an_idempotent_request(fault: Fault, facade: Entrance) -> None:
    """Repeated or not, the outcome is as defined, and repetitions end."""
    facade.monolith.script = fault.script
    _judge(fault, _outcome(facade, "GET"))


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if len(fault.said) < 1_000 and "silence" not in fault.name and "ever" not in fault.name],
    ids=lambda fault: fault.name,
)  # fmt: skip
def test_fault_in_drips(fault: Fault, facade: Entrance) -> None:
    """Byte by byte, every fault has the same outcomes as in one piece."""
    facade.monolith.script = fault.drip
    _judge(fault, _outcome(facade, "POST"))
    # What is said after the next request has come cannot be told from its answer, by anybody who speaks HTTP/1.1.
    until(lambda: not facade.monolith.speaking)


@pytest.mark.parametrize("said", [answer(), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"])
def test_answer_to_head_has_no_body(said: bytes, facade: Entrance) -> None:
    """A body that came nevertheless is nobody's answer."""
    facade.monolith.script = lambda request: said
    for _ in range(3):
        reply = facade.ask("HEAD", "/x")
        assert (reply.status, reply.body) == (200, b"")


def _upload(length: int) -> bytes:
    return b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length


@pytest.fixture
def unread(facade: Entrance) -> Iterator[ScriptedUpstream]:
    """An upstream that answers, or not, without reading bodies."""
    upstream = facade.monolith
    upstream.read_body = lambda request, stream: b""  # type: ignore[method-assign]
    yield upstream
    del upstream.read_body


def _answer_and_listen(request: Received, said: bytes) -> bytes:
    """Close only after the other side has: what is unread would turn the close into a reset, and the answer might be lost."""
    request.wire.sendall(said)
    while request.wire.recv(65_536):
        pass
    raise Drop


def test_answer_before_the_body_was_read(facade: Entrance, unread: ScriptedUpstream) -> None:
    """A refusal reaches a client that is still sending; what it still sends is not taken for another request."""
    unread.script = lambda request: _answer_and_listen(request, answer(b"too much", "413 Content Too Large", Connection="close"))
    with Wire(facade.port) as wire:
        wire.send(_upload(4 * MIB) + b"x" * MIB)
        said = wire.answers(1)
        assert [(one.status, one.body) for one in said] == [(413, b"too much")]
        assert said[0].headers["connection"] == "close"
    assert len(unread.received) == 1


def test_rest_of_a_body_after_its_answer(facade: Entrance, unread: ScriptedUpstream) -> None:
    """A client that sends the little that was left of its body when the answer came goes on with the same connection."""
    unread.script = lambda request: _answer_and_listen(request, answer(b"enough", Connection="close"))
    with Wire(facade.port) as wire:
        wire.send(_upload(100_000) + b"x" * 90_000)
        assert [one.body for one in wire.answers(1)] == [b"enough"]
        unread.script = lambda request: answer()
        wire.send(b"x" * 10_000 + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [one.body for one in wire.answers(1)] == [b"ok"]
    assert [request.target for request in unread.received] == ["/up", "/next"]


def test_upstream_that_reads_nothing(facade: Entrance, unread: ScriptedUpstream) -> None:
    """An upload that nobody takes ends after the patience for upstreams, not never."""
    _stuck(facade, unread, "/up")


def test_upstream_that_reads_nothing_of_a_body_on_disk(facade: Entrance, unread: ScriptedUpstream) -> None:
    """The same for a body that was kept, as its context may change hands."""
    _stuck(facade, unread, "/api/v1/users/x")


def _stuck(facade: Entrance, upstream: ScriptedUpstream, target: str) -> None:
    ended: list[bool] = []
    upstream.script = lambda request: _wait_for(lambda: bool(ended))
    with socket.create_connection(("127.0.0.1", facade.port), timeout=10) as client:
        head = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (target.encode(), 32 * MIB)
        with suppress(ConnectionError):
            client.sendall(head + b"x" * 32 * MIB)
        try:
            assert client.recv(100).startswith(b"HTTP/1.1 504 ")
        finally:
            ended.append(True)


def _wait_for(condition: Callable[[], bool]) -> bytes:
    until(condition, 30)
    return b""


def test_client_that_leaves_before_the_answer(facade: Entrance) -> None:
    """The upstream's connection does not outlive the wait for an answer that nobody wants."""
    facade.monolith.script = _hang_on
    for asked in range(1, 21):
        with Wire(facade.port) as wire:
            wire.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            until(lambda asked=asked: len(facade.monolith.received) == asked)  # type: ignore[misc]


def _hang_on(request: Received) -> bytes:
    request.wire.recv(1)
    return b""
