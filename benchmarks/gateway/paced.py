"""An open loop: requests are due at fixed times, whatever became of the earlier ones, and wait where no connection is free.

Latency counts from the time at which a request was due, not from when it could be sent, so that a stall is felt by all
requests that fell into it (coordinated omission: G. Tene, "How NOT to Measure Latency", 2013). A plain loop on select(),
since that takes its timeout in microseconds, where epoll and libuv round to milliseconds.
"""

import ctypes
import gc
import select
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from time import perf_counter

from benchmarks.report import CannotMeasure
from chassis.ports import LOOPBACK

RATE = 500.0
"""Requests a second."""
CONNECTIONS = 64
_PR_SET_TIMERSLACK = 29
_GIVE_UP_SECONDS = 10.0


class PaceLost(CannotMeasure):
    """An answer was none, or did not come."""


class _Call:
    """One connection, and the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=_GIVE_UP_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def fileno(self) -> int:
        return self.socket.fileno()

    def begin(self, request: bytes, due: float) -> None:
        self.due = due
        self._head = b""
        self._left = -1
        self.socket.sendall(request)

    def received(self) -> bool:
        """Take what has come; whether the answer is complete."""
        data = self.socket.recv(262_144)
        if not data:
            raise PaceLost("a connection was closed in the middle")
        if self._left >= 0:
            self._left -= len(data)
        else:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return False
            self._left = _length(head) - len(body)
        return self._left == 0


def latencies(
    port: int, requests: Sequence[bytes], rate: float, seconds: float, *, connections: int = CONNECTIONS
) -> list[float]:
    """Seconds from when each request was due to the end of its answer; `rate` a second for `seconds`. Raises `PaceLost`."""
    total, step = int(rate * seconds), 1 / rate
    idle, busy = deque(_Call(port) for _ in range(connections)), set[_Call]()
    waiting, found, turn = deque[float](), list[float](), cycle(requests)
    with _undisturbed():
        began = perf_counter() + step
        for due in (began + number * step for number in range(total)):
            while (wait := due - perf_counter()) > 0:
                _take(busy, idle, found, wait)
                _send(waiting, idle, busy, turn)
            waiting.append(due)
            _send(waiting, idle, busy, turn)
        while busy or waiting:
            if perf_counter() > began + seconds + _GIVE_UP_SECONDS:
                raise PaceLost(f"{len(busy) + len(waiting)} of {total} requests were not answered")
            _take(busy, idle, found, 0.1)
            _send(waiting, idle, busy, turn)
    for call in idle:
        call.socket.close()
    return found


def _send(waiting: deque[float], idle: deque[_Call], busy: set[_Call], turn: Iterator[bytes]) -> None:
    while waiting and idle:
        call = idle.popleft()
        call.begin(next(turn), waiting.popleft())
        busy.add(call)


def _take(busy: set[_Call], idle: deque[_Call], found: list[float], wait: float) -> None:
    for call in select.select(busy, (), (), wait)[0]:
        if call.received():
            found.append(perf_counter() - call.due)
            busy.remove(call)
            idle.append(call)


def _length(head: bytes) -> int:
    status, *lines = head.lower().split(b"\r\n")
    if not status.startswith(b"http/1.1 200"):
        raise PaceLost(f"the answer was {status.decode('latin-1')!r}")
    for line in lines:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    raise PaceLost("an answer does not tell its length")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection meanwhile, and timers that are not put together with others'."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_TIMERSLACK, 1)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        libc.prctl(_PR_SET_TIMERSLACK, 0)
