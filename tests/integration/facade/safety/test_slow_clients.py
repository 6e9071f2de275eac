"""Slow clients harm themselves only: others are served meanwhile, memory stays bounded, and what never ends is ended."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.safety.conftest import Gauges
from tests.integration.facade.safety.crowd import HEAD, POST, Crowd, Process, elsewhere
from tests.integration.facade.scripted import Received, answer

_CROWD = 1_000
_OTHERS = 300
_AT_ONCE = 20
_TURNS = 5
_BODY = 20_000
_POST = POST % _BODY
_MIB = 1024 * 1024


@pytest.fixture
def patient(quiet: Callable[..., Entrance]) -> Entrance:
    """A facade that waits for clients and upstreams longer than these tests take."""
    return quiet(read=100, **{f"FACADE_{what}": "100" for what in ("HEAD_TIMEOUT", "BODY_TIMEOUT", "KEEP_ALIVE")})


@pytest.fixture
def strict(quiet: Callable[..., Entrance]) -> Iterator[Entrance]:
    """A facade with little patience, that has nothing left under way after the test."""
    entrance = quiet()
    yield entrance
    process = Process(entrance)
    until(lambda: process.clients() == 0, 20)
    Gauges(entrance).settle()


def _others_are_served(entrance: Entrance) -> None:
    """Plain requests on new connections and on a kept one."""
    connection = http.client.HTTPConnection("127.0.0.1", entrance.port, timeout=10)
    for number in range(_OTHERS):
        if number % 10 == 0:
            assert entrance.ask("GET", "/plain").body == b"ok"
        connection.request("GET", "/plain")
        assert connection.getresponse().read() == b"ok"
    connection.close()


def test_a_thousand_slow_clients_do_not_slow_others(patient: Entrance) -> None:
    """Heads and bodies come byte by byte on a thousand connections; hundreds of plain requests are answered before one of them is
    whole, and in the end each of the thousand has its answer too.
    """
    process = Process(patient)
    _others_are_served(patient)
    before = process.memory()
    with Crowd(patient.port) as crowd:
        crowd.join(_CROWD // 2, HEAD)
        crowd.join(_CROWD // 2, _POST)
        senders_of_heads = set(crowd.clients[: _CROWD // 2])
        crowd.trickle(b"s")
        until(lambda: crowd.rounds >= 5, 60)
        _others_are_served(patient)
        assert crowd.silent() == _CROWD
        assert crowd.rounds < _BODY
        assert process.memory() - before < 100
        crowd.stop()
        for start in range(0, _CROWD, _AT_ONCE):
            some = crowd.clients[start : start + _AT_ONCE]
            crowd.send(some, lambda one: b"\r\n\r\n" if one in senders_of_heads else b"s" * (len(_POST) + _BODY - one.sent))
            until(lambda some=some: all(client.said for client in some), 60)  # type: ignore[misc]
        assert not [bytes(client.said) for client in crowd.clients if not client.said.startswith(b"HTTP/1.1 200 ")]


def _latencies(entrance: Entrance) -> tuple[float, float]:
    """The median and the 95th percentile of seconds in which an ordinary client has its answers."""
    connection = http.client.HTTPConnection("127.0.0.1", entrance.port, timeout=10)
    taken = []
    for _ in range(3 * _OTHERS):
        begun = time.perf_counter()
        connection.request("GET", "/plain")
        assert connection.getresponse().read() == b"ok"
        taken.append(time.perf_counter() - begun)
    connection.close()
    return median(taken), quantiles(taken, n=20)[-1]


def test_a_thousand_slow_clients_cost_others_no_time(patient: Entrance) -> None:
    """While they send five thousand bytes a second, one by one, ordinary clients wait about as long for their answers
    as without them, in turns within one run: in the median, and those that wait longest.
    """
    ratios = []
    for _ in range(_TURNS):
        without = _latencies(patient)
        with elsewhere(patient.port, _CROWD, 0.2):
            ratios.append([one / other for one, other in zip(_latencies(patient), without, strict=True)])
    usual, late = (median(ratio) for ratio in zip(*ratios, strict=True))
    assert usual < 2.5, ratios
    assert late < 5, ratios


def test_heads_that_never_end_are_ended(strict: Entrance) -> None:
    """However diligently a client sends bytes, its head has a deadline, and the client is told."""
    with Crowd(strict.port) as crowd:
        crowd.join(_CROWD, HEAD)
        crowd.trickle(b"s")
        until(lambda: all(client.closed for client in crowd.clients), 60)
        assert {bytes(client.said[:13]) for client in crowd.clients} == {b"HTTP/1.1 408 "}
        assert all(client.said.endswith(b"}") for client in crowd.clients)
    assert strict.monolith.received == []


def test_silent_clients_are_ended(strict: Entrance) -> None:
    """Clients that say nothing at all are let go without a word."""
    with Crowd(strict.port) as crowd:
        crowd.join(_CROWD, b"")
        until(lambda: all(client.closed for client in crowd.clients), 60)
        assert not any(client.said for client in crowd.clients)


def _deaf(entrance: Entrance, data: bytes) -> socket.socket:
    """A client that sends, and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    client.settimeout(10)
    client.connect(("127.0.0.1", entrance.port))
    client.sendall(data)
    return client


def _large(request: Received) -> bytes:
    """An answer of 32 MiB, or a small one."""
    if request.target != "/large":
        return answer()
    request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (32 * _MIB))
    part = b"x" * _MIB
    for _ in range(32):
        request.wire.sendall(part)
    return b""


def test_clients_that_do_not_read_hold_little_memory(patient: Entrance) -> None:
    """Fifty clients that take nothing of an answer of 32 MiB each cost what is in the buffers, and others are served."""
    patient.monolith.script = _large
    process = Process(patient)
    before = process.memory()
    clients = [_deaf(patient, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(50)]
    until(lambda: len([r for r in patient.monolith.received if r.target == "/large"]) == 50, 30)
    _others_are_served(patient)
    assert process.memory() - before < 150
    for client in clients:
        client.close()
    Gauges(patient).settle()


def test_clients_that_do_not_read_are_ended(strict: Entrance) -> None:
    """An answer that nobody takes frees its upstream and its connection, also when only its end is left to be taken."""
    strict.monolith.script = _large
    heads = (b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    clients = [_deaf(strict, head) for head in heads * 10]
    process = Process(strict)
    until(lambda: len(strict.monolith.received) == 20)
    until(lambda: process.clients() == 0, 20)
    for client in clients:
        client.close()


def test_end_of_an_answer_that_nobody_takes(strict: Entrance) -> None:
    """Nor does a connection stay that only waits for its client to take what was written before it closed."""
    body = b"x" * 60_000
    strict.monolith.script = lambda request: answer(body)
    requests = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 200 + b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    client = _deaf(strict, requests)
    process = Process(strict)
    until(lambda: strict.monolith.received)
    until(lambda: process.clients() == 0, 20)
    client.close()


def test_who_takes_answers_slowly_gets_all_of_them(strict: Entrance) -> None:
    """Slowness is no silence: as long as the client takes what was written, it is waited for, also for the end."""
    body, count = b"x" * 60_000, 100
    strict.monolith.script = lambda request: answer(body)
    ahead = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * (count - 1) + b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    said = bytearray()
    with _deaf(strict, ahead) as client:
        while part := client.recv(16_384):
            said += part
            time.sleep(len(part) / 1_500_000)
    assert said.count(b"HTTP/1.1 200 OK\r\n") == count
    assert said.count(b"x" * 60_000) == count


def test_the_last_answer_reaches_who_has_sent_more_behind_it(strict: Entrance) -> None:
    """What is not read any more makes no reset, which would take with it what its sender has not read yet."""
    body = b"x" * 400_000
    strict.monolith.script = lambda request: answer(body)
    with _deaf(strict, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as client:
        until(lambda: strict.monolith.received)
        until(lambda: Gauges(strict)("requests_in_flight") == 0)
        client.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        said = bytearray()
        while part := client.recv(65_536):
            said += part
    assert said.endswith(b"\r\n\r\n" + body)
    assert len(strict.monolith.received) == 1


def test_answers_to_requests_sent_ahead_do_not_pile_up(patient: Entrance) -> None:
    """Who asks for thousands of answers and reads none is not asked for on: upstreams see no more than fits into the buffers."""
    body = b"x" * 60_000
    patient.monolith.script = lambda request: answer(body if request.target == "/ahead" else b"ok")
    process = Process(patient)
    before = process.memory()
    ahead = 5_000
    client = _deaf(patient, b"GET /ahead HTTP/1.1\r\nHost: a\r\n\r\n" * ahead)
    until(lambda: patient.monolith.received)
    seen = -1
    while (now := sum(request.target == "/ahead" for request in list(patient.monolith.received))) != seen:
        seen = now
        _others_are_served(patient)
    assert seen < ahead // 2
    assert process.memory() - before < 100
    client.close()
