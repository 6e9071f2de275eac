"""Worker processes that share one address, and the process that keeps them running.

Each has a listening socket of its own, among which the kernel deals out connections by chance: of those that share one, who
wakes first takes all that wait there. The sockets are opened once and outlive every worker, so one that is killed costs only what
it was answering: whoever was dealt to it waits in the queue for its successor. It refuses an address that somebody else has; and
to leave workers behind: each holds the end of a pipe, and goes when the other end does.
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


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """So many listening sockets. Raises OSError, also when another program of the same user would share the address."""
    if count == 1:
        return [_bound(host, port, shared=False, listen=True)]
    _bound(host, port, shared=False, listen=False).close()
    return [_bound(host, port, shared=True, listen=True) for _ in range(count)]


def _bound(host: str, port: int, *, shared: bool, listen: bool) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    if listen:
        bound.listen(_BACKLOG)
    bound.setblocking(False)
    return bound


class Workers:
    """A process for each socket, that does `work` with it; one that dies is replaced until SIGTERM or SIGINT is received."""

    def __init__(self, work: Work, listening: Sequence[socket.socket]) -> None:
        self._work = work
        self._listening = listening
        self._pids: dict[int, socket.socket] = {}
        self._ending = False

    def run(self) -> None:
        """Until told to end; then every worker has drained and is gone."""
        watched, held = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        while not self._ending:
            for mine in self._listening:
                if mine not in self._pids.values() and not self._ending:
                    self._spawn(mine, watched, held)
            self._await_one()
            if not self._ending:
                time.sleep(_RESPAWN_SECONDS)
        while self._pids:
            self._await_one()

    def _spawn(self, mine: socket.socket, watched: int, held: int) -> None:
        """One more, unless the end was ordered: a worker that is made afterwards would hear nothing of it."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        if self._ending:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            return
        pid = os.fork()
        if pid == 0:
            os.close(held)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._labour(mine, watched)
        self._pids[pid] = mine
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _labour(self, mine: socket.socket, watched: int) -> NoReturn:
        status = 1
        try:
            for listening in self._listening:
                if listening is not mine:
                    listening.close()  # it would stay open when its own worker closes it
            self._work(mine, watched)
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
        self._pids.pop(pid, None)

    def _end(self, number: int, frame: object) -> None:  # noqa: ARG002 signal asks for the frame
        self._ending = True
        for listening in self._listening:
            listening.close()  # when a worker closes its own, whoever connects is refused, and waits for nobody
        for pid in self._pids:
            os.kill(pid, number)
