"""Instances that come, drain, go and vanish, seen through a real Valkey."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkey as client_library

from chassis.embedded import ValkeyServer
from chassis.ports import free_port
from chassis.registry import announcer as announcing
from chassis.registry.announcer import Announcer
from chassis.registry.living import drain, living
from chassis.registry.record import CHANNEL, INDEX, PREFIX, Instance, State
from tests.integration.facade.conftest import TestValkey
from tests.unit.chassis.registry.conftest import until

ROOT = Path(__file__).parents[4]

APPLICATION = """
import os, time
from pathlib import Path
from chassis.registry.announcer import announce, prepare
prepare()
announce("users")

def application(environ, start_response):
    Path("begun").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    start_response("200 OK", [("content-length", "2")])
    return [b"ok"]
"""

CARELESS = """
import signal, sys
from chassis.registry.announcer import announce
announce("users")
signal.signal(signal.SIGTERM, lambda number, frame: None)
sys.stdin.read()
"""


@pytest.fixture
def announcer(valkey: ValkeyServer, client: client_library.Valkey) -> Iterator[Announcer]:
    one = Announcer(announcing.instance("users", "http://127.0.0.1:9/"), valkey.url(), heartbeat=0.05)
    one.start()
    yield one
    one.withdraw()


def environment(valkey_url: str, url: str) -> dict[str, str]:
    own = {"VALKEY_URL": valkey_url, "BANYAN_INSTANCE_URL": url, "BANYAN_VERSION": "7", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own}


def test_instance_is_listed_drains_and_goes(announcer: Announcer, client: client_library.Valkey) -> None:
    """With who, where and since when; each change is told on the channel as well."""
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(CHANNEL)
        heard.get_message(timeout=5)
        (one,) = until(lambda: living(client, "users"))
        assert (one.url, one.state) == ("http://127.0.0.1:9", State.SERVING)
        assert abs(one.started - time.time()) < 60
        assert living(client, "orders") == []
        announcer.drain()
        until(lambda: [found.state for found in living(client)] == [State.DRAINING])
        announcer.withdraw()
        assert living(client) == []
        assert client.scard(INDEX) == 0
        messages = iter(lambda: heard.get_message(timeout=5), None)
        states = [Instance.decode(next(messages)["data"]).state for _ in range(2)]
    assert states[-1] is State.DRAINING


def test_order_to_drain_is_obeyed_and_seen(announcer: Announcer, client: client_library.Valkey) -> None:
    """Who restarts an instance knows that it gets nothing new before it is told to end; other addresses are left alone."""
    until(lambda: living(client))
    assert drain(client, "http://elsewhere:1", 5) == []
    assert [one.state for one in living(client)] == [State.SERVING]
    assert drain(client, "http://127.0.0.1:9/", 20) == []
    assert [one.state for one in living(client)] == [State.DRAINING]


def test_order_that_nobody_obeys_is_told(client: client_library.Valkey) -> None:
    """An instance that hangs still has its record; the order says that it was not heard."""
    dead = announcing.instance("users", "http://127.0.0.1:9")
    client.set(dead.key, dead.encode(), px=60_000)
    client.sadd(INDEX, dead.id)
    assert drain(client, dead.url, 0.1) == [dead]


def test_name_of_what_has_expired_is_forgotten(client: client_library.Valkey) -> None:
    """Names of processes that were killed do not pile up."""
    client.sadd(INDEX, "long-gone")
    assert living(client) == []
    assert client.scard(INDEX) == 0


def test_killed_process_vanishes_by_itself(valkey: ValkeyServer, client: client_library.Valkey, tmp_path: Path) -> None:
    """Nobody says farewell for it; its record expires."""
    process = subprocess.Popen(
        [sys.executable, "-c", CARELESS], env=environment(valkey.url(), "http://127.0.0.1:9"), cwd=tmp_path, stdin=subprocess.PIPE
    )
    try:
        (one,) = until(lambda: living(client))
        assert one.version == "7"
        assert 0 < client.pttl(PREFIX + one.id) <= 5000
    finally:
        process.kill()
        process.communicate()
    client.pexpire(one.key, 50)
    until(lambda: not living(client))


def test_sigterm_is_told_at_once_whoever_handles_it(valkey: ValkeyServer, client: client_library.Valkey, tmp_path: Path) -> None:
    """A server that sets its own handler after the application was loaded does not silence the announcement."""
    process = subprocess.Popen(
        [sys.executable, "-c", CARELESS], env=environment(valkey.url(), "http://127.0.0.1:9"), cwd=tmp_path, stdin=subprocess.PIPE
    )
    try:
        until(lambda: living(client))
        process.send_signal(signal.SIGTERM)
        until(lambda: [one.state for one in living(client)] == [State.DRAINING])
        assert process.poll() is None
    finally:
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert living(client) == [], "a process that ends in good order says farewell"


def test_granian_worker_drains_ahead_of_its_end(valkey: ValkeyServer, client: client_library.Valkey, tmp_path: Path) -> None:
    """Behind the real server: while the last request is still under way the instance drains; then it is gone."""
    port = free_port()
    (tmp_path / "app.py").write_text(APPLICATION)
    command = [
        sys.executable,
        "-m",
        "granian",
        "--port",
        str(port),
        "--interface",
        "wsgi",
        "--log-level",
        "warning",
        "app:application",
    ]
    process = subprocess.Popen(command, env=environment(valkey.url(), f"http://127.0.0.1:{port}"), cwd=tmp_path)
    try:
        (one,) = until(lambda: living(client))
        assert one.url == f"http://127.0.0.1:{port}"
        until(lambda: _connects(port))
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            until((tmp_path / "begun").exists)
            process.send_signal(signal.SIGTERM)
            until(lambda: [found.state for found in living(client)] == [State.DRAINING])
            (tmp_path / "go").touch()
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        process.wait(20)
        assert process.returncode == 0
        assert living(client) == []
    finally:
        (tmp_path / "go").touch()
        process.terminate()
        process.wait(20)


def test_granian_worker_serves_on_while_its_end_is_heard(
    valkey: ValkeyServer, client: client_library.Valkey, tmp_path: Path
) -> None:
    """A request on a kept connection, sent by somebody who has not heard of the end yet, is answered, and so is a new connection;
    then it ends by itself.
    """
    port = free_port()
    (tmp_path / "app.py").write_text(APPLICATION)
    (tmp_path / "go").touch()
    command = [sys.executable, "-m", "granian", "--port", str(port), "--interface", "wsgi", "--log-level", "warning"]
    own = {**environment(valkey.url(), f"http://127.0.0.1:{port}"), "BANYAN_LAME_DUCK": "1.5"}
    process = subprocess.Popen([*command, "app:application"], env=own, cwd=tmp_path)
    try:
        until(lambda: living(client))
        until(lambda: _connects(port))
        with socket.create_connection(("127.0.0.1", port), timeout=20) as kept:
            assert _asked(kept)
            process.send_signal(signal.SIGTERM)
            until(lambda: [found.state for found in living(client)] == [State.DRAINING])
            assert _asked(kept)
            with socket.create_connection(("127.0.0.1", port), timeout=20) as late:
                assert _asked(late)
            process.wait(20)
        assert process.returncode == 0
        assert living(client) == []
    finally:
        process.kill()
        process.wait(20)


def _asked(connection: socket.socket) -> bool:
    """Whether it was answered on this connection."""
    connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    return connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_survives_a_valkey_that_is_away() -> None:
    """Started before there is one, and when it comes back without its memory, the instance is seen again."""
    server = TestValkey()
    announcer = Announcer(announcing.instance("users", "http://127.0.0.1:9"), server.url, heartbeat=0.05)
    announcer.start()
    try:
        with client_library.Valkey.from_url(server.url) as client:
            for _ in range(2):
                server.start()
                until(lambda: living(client))
                server.stop()
    finally:
        announcer.withdraw()
        server.stop()


@pytest.mark.parametrize("given", [{}, {"VALKEY_URL": "redis://127.0.0.1:1"}, {"BANYAN_INSTANCE_URL": "http://h:1"}])
def test_process_that_is_told_nothing_tells_nothing(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A service on its own, a command or a test does not announce itself by accident."""
    for name in ("VALKEY_URL", "BANYAN_INSTANCE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert announcing.announce("users") is None


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
