"""How long an attempt waits is declared per context, and read again while requests pass."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, Reply, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Hang, Received, ScriptedUpstream, answer

ME, ELSEWHERE = "/api/v1/users/me", "/x"
_SLOW = 0.6
"""Seconds that the slow upstream takes: more than users may, less than others."""
POLICIES = """
[defaults]
authenticate = "none"
secure = false

[resilience.default]
breaker = {{ minimum = 1000000 }}
ejection = {{ failures = 1000000 }}
timeouts = {{ connect = 0.2, read = 10, replica = 10 }}

[resilience.users]
timeouts = {{ {users} }}
"""


class Declared:
    """A facade whose users have timeouts of their own. `users` says which."""

    def __init__(self, monolith: ScriptedUpstream, valkey: TestValkey, folder: Path) -> None:
        self._file = folder / "policies.toml"
        self.declare("read = 0.2")
        own = {"FACADE_POLICIES": str(self._file), "FACADE_RETRY_DEADLINE": "0.1", "VALKEY_URL": valkey.url}
        self.entrance = Entrance(monolith, folder / "var", own).start()

    def declare(self, users: str) -> None:
        self._file.write_text(POLICIES.format(users=users))


def slow(request: Received) -> bytes:
    time.sleep(_SLOW)
    return answer(b"late")


def hang(request: Received) -> bytes:
    raise Hang


@pytest.fixture
def declared(monolith: ScriptedUpstream, own_valkey: TestValkey, tmp_path: Path) -> Iterator[Declared]:
    monolith.feed = None
    made = Declared(monolith, own_valkey, tmp_path)
    yield made
    made.entrance.stop()


def outcome(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.body.decode() if reply.status == 200 else reply.json()["type"].rpartition(":")[2]


def test_silence_is_borne_as_long_as_its_context_says(declared: Declared, monolith: ScriptedUpstream) -> None:
    """The same upstream is too slow for one context and not for another, until the file says otherwise."""
    monolith.script = slow
    assert outcome(declared.entrance.ask("GET", ELSEWHERE)) == (200, "late")
    assert outcome(declared.entrance.ask("GET", ME)) == (504, "timed-out")
    declared.declare("read = 10")
    until(lambda: outcome(declared.entrance.ask("GET", ME)) == (200, "late"))
    declared.declare("read = 0.2")
    until(lambda: outcome(declared.entrance.ask("GET", ME)) == (504, "timed-out"))


def test_silence_in_the_middle_of_an_answer_is_borne_as_long(declared: Declared, monolith: ScriptedUpstream) -> None:
    """An answer that streams is cut where its upstream falls silent, and waited for where it may take longer."""

    def pause(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        time.sleep(_SLOW)
        return b"4\r\nrest\r\n0\r\n\r\n"

    monolith.script = pause
    asked = b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert declared.entrance.raw(asked % ELSEWHERE.encode()).endswith(b"4\r\nrest\r\n0\r\n\r\n")
    assert declared.entrance.raw(asked % ME.encode()).endswith(b"4\r\nhalf\r\n")


def test_a_read_at_a_replica_has_a_patience_of_its_own(
    declared: Declared, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """After it the authority is asked, which may take longer."""
    declared.declare("replica = 0.2")
    declared.entrance.route("canary", read=100, services=[service])
    monolith.script, service.script = slow, hang
    until(lambda: gauge(declared.entrance, "positions_trusted") == 1)
    until(lambda: outcome(declared.entrance.ask("GET", ME)) == (200, "late"))
    assert len(service.received) == declared.entrance.event("fallback") >= 1


def test_a_connection_is_waited_for_as_long_as_its_context_says(declared: Declared, unreachable: ScriptedUpstream) -> None:
    """Nothing was sent, and the client is told so, at once or after the time that was declared meanwhile."""
    declared.entrance.route("service", epoch=1, services=[unreachable])

    def seconds() -> float:
        began = time.monotonic()
        assert outcome(declared.entrance.ask("POST", ME, b"{}")) == (503, "upstream-unreachable")
        return time.monotonic() - began

    assert 0.2 <= seconds() < 2
    declared.declare("connect = 2")
    until(lambda: seconds() >= 2)
