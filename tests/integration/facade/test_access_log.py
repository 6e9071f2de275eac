"""The access log: what it says of a request, and what it never says."""

import json
import re
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.identity.keeping import signing_key
from chassis.identity.tokens import issue
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

POLICIES = """
[defaults]
authenticate = "optional"
secure = false

[[routes]]
path = "/kept"
cache = true
"""


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """A facade whose log is `var/access.log`."""
    monolith, var = ScriptedUpstream().start(), tmp_path_factory.mktemp("var")
    (var / "policies.toml").write_text(POLICIES)
    own = {"FACADE_ACCESS_LOG": str(var / "access.log"), "FACADE_POLICIES": str(var / "policies.toml")}
    entrance = Entrance(monolith, var, own).start()
    yield entrance
    entrance.stop()
    monolith.stop()


def lines(entrance: Entrance, count: int) -> list[dict[str, Any]]:
    """So many lines, once they are there; the log is empty afterwards."""
    file = entrance.var / "access.log"
    until(lambda: file.exists() and file.read_text().count("\n") >= count)
    found = [json.loads(line) for line in file.read_text().splitlines()]
    file.unlink()
    assert len(found) == count
    return found


def test_each_request_is_a_line(logged: Entrance) -> None:
    """With what an operator asks for, and the bytes that its client got; on one connection as on two."""
    logged.monolith.script = lambda request: answer(b"x" * 1000)
    sent = logged.raw(b"GET /a%20b?q=1 HTTP/1.1\r\nhost: h\r\n\r\n" * 2, seconds=0.5)
    reply = logged.ask("POST", "/api/v1/users/me", b"{}")
    first, second, third = lines(logged, 3)
    assert (first["method"], first["path"], first["status"], first["side"]) == ("GET", "/a b", 200, "monolith")
    assert first["bytes"] + second["bytes"] == len(sent)
    assert first["bytes"] > 1000
    assert (third["method"], third["context"], third["subject"]) == ("POST", "users", None)
    assert third["request_id"] == reply.header("x-request-id")
    assert 0 < third["seconds"] < 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]{12}\+00:00", third["time"])


@pytest.mark.parametrize("size", [5_000, 60_000, 600_000])
def test_the_bytes_of_large_answers_are_counted(logged: Entrance, size: int) -> None:
    """However they are written: beside their head, or piece by piece."""
    logged.monolith.script = lambda request: answer(b"x" * size)
    sent = logged.raw(b"GET /large HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
    assert len(sent) > size
    assert [line["bytes"] for line in lines(logged, 1)] == [len(sent)]


def test_no_secret_is_written(logged: Entrance) -> None:
    """Of a token only whose it is, and that only where it was checked; nothing of a query or a cookie."""
    logged.monolith.script = lambda request: answer()
    who = uuid4()
    token = issue(who, 7, signer=signing_key())
    until(lambda: logged.ask("GET", "/", Authorization=f"Bearer {token}").status == 200)
    (logged.var / "access.log").unlink(missing_ok=True)
    logged.ask("GET", "/x?password=hunter2", Authorization=f"Bearer {token}", Cookie="session=hunter2")
    logged.ask("GET", "/x", Authorization="Bearer hunter2.hunter2.hunter2")
    file = logged.var / "access.log"
    until(lambda: file.exists() and '"status":401' in file.read_text())
    text = file.read_text()
    for secret in ("hunter2", token, token.rsplit(".", 1)[1]):
        assert secret not in text
    good, bad = [json.loads(line) for line in text.splitlines()][-2:]
    assert (good["subject"], good["status"]) == (str(who), 200)
    assert (bad["subject"], bad["status"], bad["side"]) == (None, 401, "facade")
    file.unlink()


def test_an_answer_that_broke_off_and_a_request_that_was_none(logged: Entrance) -> None:
    """Both are there: the first without a status, the second with nothing but that. Probes are not."""

    def breaks(request: Received) -> bytes:
        request.wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70_000)
        raise Drop

    logged.monolith.script = breaks
    with socket.create_connection(("127.0.0.1", logged.port), timeout=5) as client:
        client.sendall(b"GET /broken HTTP/1.1\r\nhost: h\r\n\r\n")
        while client.recv(65_536):
            pass
    logged.raw(b"NONSENSE\r\n\r\n")
    assert logged.ask("GET", "/healthz").status == 200
    broken, none = lines(logged, 2)
    assert (broken["path"], broken["status"]) == ("/broken", 0)
    assert broken["bytes"] > 0
    assert (none["status"], none["side"]) == (400, "facade")
    assert "path" not in none


def test_the_status_is_the_one_that_was_sent(logged: Entrance) -> None:
    """Where the cache makes a whole answer of the upstream's 304, and a 304 of its whole one."""

    def validated(request: Received) -> bytes:
        same = request.header("if-none-match") == '"1"'
        return answer(b"" if same else b"x", "304 Not Modified" if same else "200 OK", ETag='"1"', Cache_Control="max-age=0")

    logged.monolith.script = validated
    sent = [logged.ask("GET", "/kept/x").status, logged.ask("GET", "/kept/x").status]
    sent.append(logged.ask("GET", "/kept/y", If_None_Match='"1"').status)
    assert sent == [200, 200, 304]
    assert [line["status"] for line in lines(logged, 3)] == sent


@pytest.mark.parametrize("head", [b"Content-Length: 2", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", ["/x", "/kept/z"])
def test_who_left_was_sent_nothing(logged: Entrance, path: str, head: bytes) -> None:
    """However its answer came; the side is the one that has answered."""
    held = threading.Event()

    def slow(request: Received) -> bytes:
        held.wait(20)
        return b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (head, b"ok" if b"Length" in head else b"2\r\nok\r\n0\r\n\r\n")

    logged.monolith.script = slow
    gone = logged.event("client_gone", "-")
    connection = logged.connection()
    connection.request("GET", path)
    until(lambda: logged.monolith.received[-1].target == path)
    connection.close()
    assert logged.ask("GET", "/healthz").status == 200, "so long at least has the facade to notice"
    held.set()
    until(lambda: logged.event("client_gone", "-") == gone + 1)
    (line,) = lines(logged, 1)
    assert (line["path"], line["status"], line["bytes"]) == (path, 0, 0)


def test_what_was_not_written_when_it_ends_is_written(logged: Entrance) -> None:
    """A facade that drains loses no line. (Stands last: it serves nobody afterwards.)"""
    logged.monolith.script = lambda request: answer()
    logged.ask("GET", "/last")
    assert logged.process is not None
    logged.process.send_signal(signal.SIGTERM)
    logged.process.wait(10)
    assert lines(logged, 1)[0]["path"] == "/last"


def test_it_can_go_to_standard_error_and_is_off_by_default(tmp_path: Path) -> None:
    """There, beside what the facade itself has to say; without it, nothing is said of requests."""
    monolith = ScriptedUpstream().start()
    try:
        for own, count in (({"FACADE_ACCESS_LOG": "stderr"}, 1), ({}, 0)):
            entrance = Entrance(monolith, tmp_path / str(count), own).start()
            entrance.ask("GET", "/seen")
            entrance.stop()
            assert (entrance.var / "facade.log").read_text().count('"path":"/seen"') == count
    finally:
        monolith.stop()
