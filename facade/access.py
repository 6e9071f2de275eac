"""The access log: a line of JSON for each request, where somebody wants one.

Lines are gathered and written by a thread, so that no request waits for a disk or for whoever reads a pipe. It refuses to hold
more than so many of them, and counts what it drops; and to write down what may be a secret: of a target only the path, of
credentials only whose they are.
"""

import asyncio
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from facade.entrance.client import Client
from facade.metrics import Gauge
from facade.request import Request

log = logging.getLogger(__name__)

STDERR = "stderr"
_FLUSH_SECONDS = 0.25
_LAST_SECONDS = 1.0
_MOST_LINES = 20_000
_LONGEST_PATH = 2_048
_PIPE = 4_096
"""Bytes that several processes may write to one pipe without mixing them (PIPE_BUF)."""


class _Counted:
    """A transport that counts what is sent. `fresh`: the bytes since they were last asked for."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self.fresh = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.fresh += len(data)
        self._transport.write(data)

    def writelines(self, parts: Sequence[bytes | memoryview]) -> None:
        self.fresh += sum(map(len, parts))
        self._transport.writelines(parts)


class _Watched:
    """A client's protocol, whose transport counts. It is no client itself: those are compiled, and have no heirs."""

    def __init__(self, client: Client, counted: dict[Client, _Counted]) -> None:
        self._client = client
        self._counts = counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        counted: Any = _Counted(transport)
        self._counts[self._client] = counted
        self._client.connection_made(counted)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.connection_lost(exc)
        del self._counts[self._client]


class AccessLog:
    """`place` is "stderr" or a file. To be started in the process that serves. Bytes are known of clients that are `watched`."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._lines: deque[bytes] = deque()  # filled by the loop's thread, emptied by ours: both ends are safe
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._counted: dict[Client, _Counted] = {}
        self._healthy = True
        self._too_many = self._failed = 0

    def gauges(self) -> list[Gauge]:
        """What it has to say of itself."""
        explanation = "Requests that the access log does not have."
        return [("banyan_facade_log_dropped_total", explanation, lambda: self._too_many + self._failed)]

    def watched(self, client: Client) -> Any:
        """What a connection is to be given instead of this client: its protocol by its methods."""
        return _Watched(client, self._counted)

    def note(self, request: Request, context: str, side: str, status: int, seconds: float) -> None:
        """One request. `status` is 0 where its answer broke off, or nobody was there to take one."""
        counted, principal = self._counted.get(request.client), request.principal
        sent = 0
        if counted is not None:
            sent, counted.fresh = counted.fresh, 0
        self._add(
            {
                "method": request.method,
                "path": request.path[:_LONGEST_PATH],
                "status": status,
                "bytes": sent,
                "seconds": round(seconds, 6),
                "context": context,
                "side": side,
                "request_id": request.request_id.decode("latin-1"),
                "subject": principal.id if principal.kind != "anonymous" else None,
            }
        )

    def refusal(self, status: int) -> None:
        """What was no request, and was refused with this status."""
        self._add({"status": status, "side": "facade"})

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write down the rest; whoever takes nothing of it is not waited for."""
        self._over.set()
        self._thread.join(_LAST_SECONDS)

    def _add(self, line: dict[str, object]) -> None:
        if len(self._lines) >= _MOST_LINES:
            self._too_many += 1
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.append(orjson.dumps({"time": now, **line}, option=orjson.OPT_APPEND_NEWLINE))

    def _run(self) -> None:
        over = False
        while not over:
            over = self._over.wait(_FLUSH_SECONDS)
            if lines := [self._lines.popleft() for _ in range(len(self._lines))]:
                self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        try:
            if self._place == STDERR:
                for part in _parts(lines):
                    _written(sys.stderr.fileno(), part)
            else:
                # Opened each time: whoever rotates it need not tell us.
                with Path(self._place).open("ab", buffering=0) as file:
                    _written(file.fileno(), b"".join(lines))
        except OSError as error:
            self._failed += len(lines)
            if self._healthy:
                log.warning("requests are not written down: %s", error)
            self._healthy = False
        else:
            self._healthy = True


def check(place: str) -> None:
    """Raises OSError where nothing can be written down."""
    if place and place != STDERR:
        with Path(place).open("ab"):
            pass


def _parts(lines: list[bytes]) -> list[bytes]:
    """Whole lines, in parts that fit into a pipe at once where they can."""
    parts = [b""]
    for line in lines:
        if parts[-1] and len(parts[-1]) + len(line) > _PIPE:
            parts.append(b"")
        parts[-1] += line
    return parts


def _written(number: int, data: bytes) -> None:
    """All of it. Raises OSError, also where the other end of a pipe that does not block takes nothing."""
    while data:
        data = data[os.write(number, data) :]
