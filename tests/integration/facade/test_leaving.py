"""Clients that leave before they are answered: nobody begins to work for them, and what was begun is seen through."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.integration.facade.conftest import FULL, TestValkey
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer
from tests.integration.facade.test_phases import token

PLACES = 2
POLICIES = f"""
[defaults]
authenticate = "none"

[resilience.default]
breaker = {{ minimum = 1000000 }}
ejection = {{ failures = 1000000 }}
timeouts = {{ connect = 20, read = 20 }}

[resilience.users]
bulkhead = {{ most = {PLACES}, waiting = 8, longest_wait = 20 }}
"""
USERS = "/api/v1/users"


@pytest.fixture
def entrance(monolith: ScriptedUpstream, own_valkey: TestValkey, tmp_path: Path) -> Iterator[Entrance]:
    (tmp_path / "policies.toml").write_text(POLICIES)
    own = {"FACADE_POLICIES": str(tmp_path / "policies.toml"), "VALKEY_URL": own_valkey.url, "FACADE_RETRY_DEADLINE": "20"}
    made = Entrance(monolith, tmp_path / "var", own).start()
    yield made
    made.stop()


class Held:
    """A script that answers with the target once it is let go."""

    def __init__(self, **headers: str) -> None:
        self._go = threading.Event()
        self._headers = headers

    def __call__(self, request: Received) -> bytes:
        self._go.wait(20)
        return answer(request.target.encode(), **self._headers)

    def let_go(self) -> None:
        self._go.set()


def sent(entrance: Entrance, path: str, **headers: str) -> HTTPConnection:
    """A write that somebody waits for the answer of, for as long as the connection is open."""
    connection = entrance.connection()
    connection.request("POST", path, b"{}", headers)
    return connection


def left(entrance: Entrance) -> float:
    """How many left without an answer."""
    return sum(entrance.event("client_gone", context) for context in ("users", "-"))


def targets(upstream: ScriptedUpstream) -> list[str]:
    return [request.target for request in upstream.received]


def test_who_leaves_the_queue_gives_its_place_to_others(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """At once, while nobody is let in; and its request never reaches the upstream."""
    monolith.script = held = Held()
    with ThreadPoolExecutor() as pool:
        working = [pool.submit(entrance.ask, "GET", f"{USERS}/{number}") for number in range(PLACES)]
        until(lambda: gauge(entrance, "concurrency", "users") == PLACES)
        leaving = [sent(entrance, f"{USERS}/left") for _ in range(3)]
        staying = pool.submit(entrance.ask, "GET", f"{USERS}/stays")
        until(lambda: gauge(entrance, "waiting", "users") == 4)
        for connection in leaving:
            connection.close()
        until(lambda: gauge(entrance, "waiting", "users") == 1)
        assert left(entrance) == 3
        held.let_go()
        assert [one.result(20).status for one in (*working, staying)] == [200] * (PLACES + 1)
    assert f"{USERS}/left" not in targets(monolith)
    until(lambda: gauge(entrance, "requests_in_flight") == gauge(entrance, "concurrency", "users") == 0)


def test_nothing_is_sent_again_for_who_has_left(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """While the upstream is down a write is repeated, for it was not executed; once its client is gone it is not."""
    monolith.stop()
    connection = sent(entrance, "/left")
    until(lambda: entrance.event("repeated", "-") > 1)
    connection.close()
    until(lambda: left(entrance) == 1)
    monolith.start()
    assert entrance.ask("POST", "/stays", b"{}").status == 200
    assert targets(monolith) == ["/stays"]


def test_nothing_is_sent_for_who_leaves_while_the_facade_connects(
    entrance: Entrance, full: socket.socket, unreachable: ScriptedUpstream
) -> None:
    """When the connection is made at last it is closed without a word."""
    entrance.route("service", epoch=1, services=[unreachable])
    connection = sent(entrance, f"{USERS}/left")
    until(lambda: gauge(entrance, "concurrency", "users") == 1)
    connection.close()
    assert entrance.ask("GET", "/healthz").status == 200, "so long at least has the facade to notice"
    full.settimeout(10)
    with ExitStack() as made:
        ours = [made.enter_context(full.accept()[0]) for _ in range(FULL + 1)][-1]
        ours.settimeout(10)
        assert ours.recv(1) == b""
    until(lambda: left(entrance) == 1)
    entrance.route("monolith")


def test_what_was_begun_is_seen_through(entrance: Entrance, monolith: ScriptedUpstream, own_valkey: TestValkey) -> None:
    """The upstream works on a write whether its client waits or not: it counts as long as it does, and what was written is
    remembered, for the client may come back and read it.
    """
    monolith.script = held = Held(Banyan_Position="users=4:1000")
    connection = sent(entrance, f"{USERS}/me", Authorization=token("leaver"))
    until(lambda: targets(monolith))
    connection.close()
    assert entrance.ask("GET", "/healthz").status == 200, "so long at least has the facade to notice"
    assert gauge(entrance, "concurrency", "users") == 1
    held.let_go()
    until(lambda: own_valkey.ask("GET", "banyan:ryw:users:leaver") == b"4:1000")
    until(lambda: left(entrance) == 1)
    assert gauge(entrance, "requests_in_flight") == gauge(entrance, "concurrency", "users") == 0


def test_events_without_a_listener_are_ended(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Who leaves before the head of a stream would not notice its silence."""
    held, silent = threading.Event(), threading.Event()

    def events(request: Received) -> bytes:
        held.wait(20)
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        silent.wait(20)
        raise Drop

    monolith.script = events
    connection = entrance.connection()
    connection.request("GET", "/events")
    until(lambda: monolith.received)
    connection.close()
    assert entrance.ask("GET", "/healthz").status == 200, "so long at least has the facade to notice"
    held.set()
    until(lambda: gauge(entrance, "requests_in_flight") == 0)
    silent.set()
    assert left(entrance) == 1
