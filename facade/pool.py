"""The connections to one upstream address: idle ones are used again, the most recent first; for a request that must not be sent
twice, the one that has been idle for longest.

A sweep, a few times a second, gives up the waits and the exchanges whose time is over, and closes what was idle for too
long. It refuses to hand out an idle connection for a request that must not be sent twice before it has looked whether the
other end is still there.
"""

import asyncio
import select
import ssl
from errno import EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM
from typing import Any, Final, cast
from urllib.parse import urlsplit

from facade.failures import ClosedEarly, NoSocket, TimedOut, Unreachable
from facade.strand import within
from facade.upstream import NEVER, Connection

_SWEEP_SECONDS: Final = 0.1
_SETTLED: Final = 0.005
"""Seconds; on a network where a close takes longer to arrive, the upstream has to announce it."""
_OURS: Final = frozenset({EADDRNOTAVAIL, EMFILE, ENFILE, ENOBUFS, ENOMEM})
"""Errors of a connection that is not made, which no upstream is the reason of."""
_GONE: Final = select.POLLIN | select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


class Pool:
    """Connections to `url` (http or https, host, optional port). `in_use` counts the exchanges under way; `tls` is for https."""

    def __init__(self, url: str, *, idle_timeout: float, tls: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http address of an upstream")
        self.url = url
        self.netloc = parts.netloc.encode()
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._ssl = tls if parts.scheme == "https" else None
        self._idle_timeout = idle_timeout
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._sweeper = self._loop.create_task(self._sweep())
        self.closed = False

    @property
    def open(self) -> int:
        return len(self._all)

    @property
    def in_use(self) -> int:
        return len(self._all) - len(self._idle)

    def idle(self, *, certain: bool) -> Connection | None:
        """An open connection, or None. `certain`: it has been idle for long enough to hear of an upstream that closes after its
        answer without having said so, and was asked just now whether it is still there.
        """
        idle = self._idle
        while idle:
            if certain and self._loop.time() - idle[0].idle_since < _SETTLED:
                return None
            connection = idle.pop(0 if certain else -1)
            if connection.error is None and not (certain and _has_news(connection)):
                return connection
            connection.close()
            self._all.discard(connection)
        return None

    async def connect(self, timeout: float) -> Connection:
        """A new connection. Raises `Unreachable`, also when it takes longer than `timeout`, or `NoSocket`."""
        connection = Connection(self._loop)
        made = cast("Any", lambda: connection)  # a protocol by its methods
        try:
            await within(timeout, self._loop.create_connection(made, self._host, self._port, ssl=self._ssl))
        except (OSError, TimeoutError) as error:
            kind = NoSocket if getattr(error, "errno", None) in _OURS else Unreachable
            raise kind(f"no connection to {self.url}: {error or 'timed out'}") from error
        self._all.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Take a connection back after its exchange; one whose answer was not read to its end is closed."""
        if connection.reusable and not self.closed:
            connection.busy = False
            connection.until = NEVER
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.close()
            self._all.discard(connection)

    def close(self) -> None:
        """Close what is idle; exchanges under way end by themselves."""
        self.closed = True
        for connection in self._idle:
            connection.close()
            self._all.discard(connection)
        self._idle.clear()
        if not self._all:
            self._sweeper.cancel()

    async def _sweep(self) -> None:
        while not self.closed or self._all:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = self._loop.time()
            for connection in [c for c in self._all if c.deadline < now or c.until < now]:
                slow = "was silent for too long" if connection.deadline < now else "took too long for its whole answer"
                connection.fail(TimedOut(f"{self.url} {slow}"))
            self._idle = [c for c in self._idle if self._keeps(c, now)]

    def _keeps(self, connection: Connection, now: float) -> bool:
        if connection.error is None and now - connection.idle_since < self._idle_timeout:
            return True
        connection.fail(ClosedEarly("idle for too long"))
        self._all.discard(connection)
        return False


def _has_news(connection: Connection) -> bool:
    """Whether anything is to be read from an idle connection: its end, or bytes that belong to nobody.

    The event loop would tell as well, but only in its next turn, when the request is already on its way.
    """
    if connection.transport is None:
        return True
    poll = select.poll()
    poll.register(connection.transport.get_extra_info("socket").fileno(), _GONE)
    return bool(poll.poll(0))
