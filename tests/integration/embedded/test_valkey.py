"""The embedded Valkey: one server per folder, a password, and a start after whatever happened before."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkey as client

from chassis import records
from chassis.embedded import ValkeyServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A started server of this test's own, that keeps what it holds."""
    server = ValkeyServer(tmp_path / "valkey")
    server.start()
    yield server
    server.destroy()


def test_stop_and_start_keep_data_and_port(server: ValkeyServer) -> None:
    """What was stored is there after a clean stop, at the same address."""
    url = server.url()
    client.from_url(url).set("kept", "42")
    server.stop()
    assert server.process is None
    server.start()
    assert server.url() == url
    assert client.from_url(url).get("kept") == b"42"


def test_kill_9_and_a_second_start(server: ValkeyServer) -> None:
    """After kill -9 it starts again, with what was written to disk before."""
    connection = client.from_url(server.url())
    connection.set("kept", "42")
    connection.execute_command("WAITAOF", 1, 0, 5000)
    killed = server.process
    assert killed is not None
    killed.send(signal.SIGKILL)
    assert killed.gone_within(10)
    server.start()
    assert client.from_url(server.url()).get("kept") == b"42"


def test_a_server_that_nobody_recorded_is_replaced(server: ValkeyServer) -> None:
    """Its starter was killed between the start and the record: the next start does not run into it."""
    unrecorded = server.process
    assert unrecorded is not None
    records.write(server.path / "server.json", {"port": server.port})
    server.start()
    assert not unrecorded.alive


def test_a_password_is_asked_for(server: ValkeyServer) -> None:
    """Nobody gets in without the password, which is in private files only."""
    with pytest.raises(client.exceptions.AuthenticationError):
        client.Valkey(port=server.port).ping()
    for file in (server.path / "valkey.conf", server.path / "passwords" / "default"):
        assert file.stat().st_mode & 0o777 == 0o600
