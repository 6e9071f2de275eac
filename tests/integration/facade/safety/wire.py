"""A client that writes bytes as they are, and reads answers more strictly than browsers do."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

PATIENCE = 10.0
"""Seconds after which a facade that says nothing is called stuck."""

_NO_BODY = (204, 304)


class Malformed(AssertionError):
    """What came back is not a sequence of answers."""


@dataclass(frozen=True)
class Said:
    """One answer; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection to the facade."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Write all of it; a facade that has closed already is no error here, for its answer is still to be read."""
        with suppress(ConnectionError):
            self._socket.sendall(data)

    def answers(self, count: int, methods: Sequence[str] = ()) -> list[Said]:
        """So many answers, in order, or fewer when the facade closes. `methods`: of the requests, where one is HEAD.

        Raises `Malformed`, and `TimeoutError` when nothing comes.
        """
        found: list[Said] = []
        final = 0
        while len(found) < count:
            method = methods[final] if final < len(methods) else "GET"
            said = self._one(method)
            if said is None:
                break
            final += said.status >= 200
            found.append(said)
        return found

    def rest(self) -> bytes:
        """Whatever still comes until the facade closes. Raises `TimeoutError` when it does not."""
        while part := self._receive():
            self._buffer += part
        return self._buffer

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, method: str) -> Said | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            part = self._receive()
            if not part:
                if self._buffer:
                    raise Malformed(f"half an answer: {self._buffer[:200]!r}")
                return None
            self._buffer += part
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, status = first[:12].partition(" ")
        if version != "HTTP/1.1" or not status.isdigit():
            raise Malformed(f"no status line: {first!r}")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            if not colon or not name.isascii() or (name.lower() in headers and name.lower() != "set-cookie"):
                raise Malformed(f"a bad header in {lines}")
            headers[name.lower()] = value
        return Said(int(status), headers, self._body(int(status), headers, method))

    def _body(self, status: int, headers: dict[str, str], method: str) -> bytes:
        if status < 200 or status in _NO_BODY or method == "HEAD":
            return b""
        if "transfer-encoding" in headers or "content-length" not in headers:
            raise Malformed(f"a short answer has a length: {headers}")
        length = int(headers["content-length"])
        while len(self._buffer) < length:
            part = self._receive()
            if not part:
                raise Malformed("the answer's body is shorter than its length")
            self._buffer += part
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return body

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65_536)
        except ConnectionResetError:
            return b""
