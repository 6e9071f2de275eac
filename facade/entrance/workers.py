"""Worker processes that share one listening socket, one beside them that does not, and the process that keeps them running.

The socket is opened once and outlives every worker, so a worker that is killed costs only what it was answering: new connections
wait in the socket's queue. It refuses to leave workers behind: each holds the end of a pipe, and goes when the other end does.
"""

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

_RESPAWN_SECONDS = 0.1
_BACKLOG = 2048

Work = Callable[[socket.socket, int], None]
"""What a worker does with the socket until it is told to end; the number is the pipe to watch: readable when the main process is
gone.
"""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(_BACKLOG)
    listening.setblocking(False)
    return listening


class Workers:
    """A process for each of `works`, and one for `beside`, which is told to end when the others have; one that dies is replaced
    until SIGTERM or SIGINT is received.
    """

    def __init__(self, works: Sequence[Work], listening: socket.socket, beside: Work | None = None) -> None:
        self._missing = [*works] if beside is None else [*works, beside]
        self._beside = beside
        self._listening = listening
        self._running: dict[int, Work] = {}
        self._ending = False

    def run(self) -> None:
        """Until told to end; then every worker has drained and is gone."""
        watched, held = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        while not self._ending:
            while self._missing and not self._ending:
                self._spawn(watched, held)
            self._await_one()
            if not self._ending:
                time.sleep(_RESPAWN_SECONDS)
        while self._workers():
            self._await_one()
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        while self._running:
            self._await_one()

    def _workers(self) -> list[int]:
        return [pid for pid, work in self._running.items() if work is not self._beside]

    def _spawn(self, watched: int, held: int) -> None:
        """One more, unless the end was ordered: a worker that is made afterwards would hear nothing of it."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        if self._ending:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            return
        work = self._missing.pop(0)
        pid = os.fork()
        if pid == 0:
            os.close(held)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._labour(work, watched)
        self._running[pid] = work
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _labour(self, work: Work, watched: int) -> NoReturn:
        status = 1
        try:
            work(self._listening, watched)
            status = 0
        except BaseException:  # noqa: BLE001 - told, and then this process ends: it must not go on as the main one
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _await_one(self) -> None:
        try:
            pid, _ = os.wait()
        except (ChildProcessError, InterruptedError):
            return
        if (work := self._running.pop(pid, None)) is not None:
            self._missing.append(work)

    def _end(self, number: int, frame: object) -> None:  # noqa: ARG002 signal asks for the frame
        self._ending = True
        self._listening.close()  # when the last worker closes its own, whoever connects is refused, and waits for nobody
        for pid in self._workers():
            os.kill(pid, number)
