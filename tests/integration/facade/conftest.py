"""One facade a module with a monolith, a service and a Valkey of its own."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chassis.embedded.wheels import valkey_server
from chassis.ports import free_port
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.gateways import gateway, running_gateway  # noqa: F401 fixtures
from tests.integration.facade.scripted import ScriptedUpstream


class TestValkey:
    """A Valkey that keeps nothing; it can be stopped and started again on its port."""

    __test__ = False

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}/0"

    def start(self) -> "TestValkey":
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([str(valkey_server()), *options], stdout=subprocess.DEVNULL)
        until(lambda: self.ask("PING") == b"+PONG")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def ask(self, *command: str) -> bytes:
        """The reply's lines after the first for a bulk or a list, else its first line, joined by blanks."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                parts = "".join(f"${len(part.encode())}\r\n{part}\r\n" for part in command)
                connection.sendall(f"*{len(command)}\r\n{parts}".encode())
                reply = connection.recv(1 << 20)
        except OSError:
            return b""
        lines = [line for line in reply.split(b"\r\n") if line and line[:1] not in b"$*"]
        return b" ".join(lines)


@pytest.fixture(scope="module")
def own_valkey() -> Iterator[TestValkey]:
    server = TestValkey().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def upstreams() -> Iterator[tuple[ScriptedUpstream, ScriptedUpstream]]:
    monolith, service = ScriptedUpstream().start(), ScriptedUpstream().start()
    yield monolith, service
    monolith.stop()
    service.stop()


@pytest.fixture(scope="module")
def running(
    upstreams: tuple[ScriptedUpstream, ScriptedUpstream], own_valkey: TestValkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entrance]:
    monolith, _ = upstreams
    var: Path = tmp_path_factory.mktemp("var")
    entrance = Entrance(monolith, var, {"VALKEY_URL": own_valkey.url}).start()
    yield entrance
    entrance.stop()


@pytest.fixture
def monolith(upstreams: tuple[ScriptedUpstream, ScriptedUpstream]) -> ScriptedUpstream:
    upstreams[0].reset()
    return upstreams[0]


@pytest.fixture
def service(upstreams: tuple[ScriptedUpstream, ScriptedUpstream]) -> ScriptedUpstream:
    upstreams[1].reset()
    return upstreams[1]


@pytest.fixture
def entrance(running: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> Entrance:
    """The module's facade, with `users` back in the monolith, and whatever it learnt by 421s overtaken."""
    running.route("monolith", epoch=1_000_000)
    running.route("monolith", epoch=0)
    return running


FULL = 2
"""Connections that fill the shortest queue: one is made, and one waits as whoever comes behind it does."""


@pytest.fixture
def full() -> Iterator[socket.socket]:
    """A listener whose queue has `FULL` connections that say nothing; further ones are neither made nor refused."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(FULL):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener


@pytest.fixture
def unreachable(full: socket.socket) -> ScriptedUpstream:
    """An address at which nobody takes a connection from the queue."""
    return ScriptedUpstream(port=full.getsockname()[1])
