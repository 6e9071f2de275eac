"""Worker processes that share one address, one beside them that does not, and the process that keeps them running.

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
from dataclasses import dataclass
from typing import NoReturn

_RESPAWN_SECONDS = 0.1
_BACKLOG = 2048

Work = Callable[[int], None]
"""What a process does until it is told to end; the number is the pipe to watch: readable when the main process is gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What one process does, and the listening socket that it has for itself; None for one beside the workers."""

    work: Work
    listening: socket.socket | None


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
    """A process for each job; one that dies is replaced until SIGTERM or SIGINT is received. Who has no socket is told to end
    when the others have.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._listening = [job.listening for job in jobs if job.listening is not None]
        self._missing = list(jobs)
        self._running: dict[int, Job] = {}
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
        return [pid for pid, job in self._running.items() if job.listening is not None]

    def _spawn(self, watched: int, held: int) -> None:
        """One more, unless the end was ordered: a worker that is made afterwards would hear nothing of it."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        if self._ending:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            return
        job = self._missing.pop(0)
        pid = os.fork()
        if pid == 0:
            os.close(held)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._labour(job, watched)
        self._running[pid] = job
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _labour(self, job: Job, watched: int) -> NoReturn:
        status = 1
        try:
            for listening in self._listening:
                if listening is not job.listening:
                    listening.close()  # it would stay open when its own worker closes it
            job.work(watched)
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
        if (job := self._running.pop(pid, None)) is not None:
            self._missing.append(job)

    def _end(self, number: int, frame: object) -> None:  # noqa: ARG002 signal asks for the frame
        self._ending = True
        for listening in self._listening:
            listening.close()  # when a worker closes its own, whoever connects is refused, and waits for nobody
        for pid in self._workers():
            os.kill(pid, number)
