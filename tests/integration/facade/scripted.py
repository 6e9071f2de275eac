"""An upstream that does what a test tells it to, byte by byte: real sockets, a thread a connection."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from chassis.identity.keeping import ring

FEED_PATH = "/internal/control/routes"
KEYS_PATH = "/.well-known/jwks.json"


@dataclass
class Received:
    """One request as it arrived. `connection` numbers the upstream's connections from 1; `wire` is for scripts that send by
    themselves.
    """

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    wire: socket.socket

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Hang(Exception):
    """Raised by a script: say nothing more, but keep the connection until the upstream stops."""


class Drop(Exception):
    """Raised by a script: close the connection now."""


Script = Callable[[Received], bytes]


def answer(body: bytes = b"ok", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer with a length; header names are written with `_` for `-`."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def json_answer(document: Any, status: str = "200 OK", **headers: str) -> bytes:
    return answer(json.dumps(document).encode(), status, Content_Type="application/json", **headers)


def misdirected(owner: str, epoch: int, context: str = "users") -> bytes:
    return answer(b"{}", "421 Misdirected Request", Banyan_Context=context, Banyan_Owner=owner, Banyan_Epoch=str(epoch))


@dataclass
class ScriptedUpstream:
    """Listens on a free port of the loopback. `script` may be exchanged at any time; `received` holds every request
    but those for the route feed and the keys, which are answered from `feed` and `keys` (None: 503). `speaking`: where a script
    is at work.
    """

    script: Script = lambda request: answer()
    feed: dict[str, Any] | None = None
    keys: dict[str, Any] | None = field(default_factory=lambda: ring().jwks(time.time()))
    received: list[Received] = field(default_factory=list)
    port: int = 0
    open: set[socket.socket] = field(default_factory=set)
    speaking: set[socket.socket] = field(default_factory=set)
    _listener: socket.socket | None = None
    _connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "ScriptedUpstream":
        """Listen; on the same port as before when it was stopped."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(1024)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Forget what was received, and answer everything with 200 again."""
        self.received.clear()
        self.script = lambda request: answer()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._connections += 1
            self.open.add(connection)
            if self._listener is not listener:  # stopped just now, perhaps before it could know of this one
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            threading.Thread(target=self._serve, args=(connection, self._connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            with connection, suppress(OSError, Drop):
                stream = connection.makefile("rb")
                while (request := self._read(connection, stream, number)) is not None:
                    if request.target in (FEED_PATH, KEYS_PATH):
                        connection.sendall(_own(self.feed if request.target == FEED_PATH else self.keys))
                        continue
                    self.received.append(request)
                    self._answer(connection, stream, request)
        finally:
            self.open.discard(connection)

    def _answer(self, connection: socket.socket, stream: BinaryIO, request: Received) -> None:
        self.speaking.add(connection)
        try:
            said = self.script(request)
        except Hang:
            stream.read()
            raise Drop from None
        finally:
            self.speaking.discard(connection)
        connection.sendall(said)
        if b"connection: close" in said[:500].lower():
            raise Drop

    def _read(self, connection: socket.socket, stream: BinaryIO, number: int) -> Received | None:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = []
        while (line := stream.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        request = Received(first[0], first[1], headers, b"", number, connection)
        request.body = self.read_body(request, stream)
        return request

    def read_body(self, request: Received, stream: BinaryIO) -> bytes:
        """The whole body; replaced by tests that answer before they have read it."""
        if (length := request.header("content-length")) is not None:
            return bytes(stream.read(int(length)))
        if request.header("transfer-encoding") is None:
            return b""
        parts = []
        while size := int(stream.readline(), 16):
            parts.append(stream.read(size))
            stream.readline()
        stream.readline()
        return b"".join(parts)


def _own(document: dict[str, Any] | None) -> bytes:
    return answer(status="503 Gone") if document is None else json_answer(document)
