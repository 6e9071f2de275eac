"""Worker processes that share one address, one beside them that does not, and the process that keeps them running.

Each has a listening socket of its own, among which the kernel deals out connections by chance: of those that share one, who
wakes first takes all that wait there. The sockets are opened once and outlive every worker, so one that is killed costs only
what it was answering: whoever was dealt to it waits in the queue for its successor, which comes the later the sooner those
before it died. It refuses an address that somebody else has; and to leave workers behind: each holds the end of a pipe, and
goes when the other end does.
"""

import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from chassis.supervisor import backoff

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 2.0
"""Seconds for which those who were dealt to a worker that cannot live wait at the most for the next attempt."""
_BACKLOG = 2048
_ORDERS = (signal.SIGTERM, signal.SIGINT)

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
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OSError(error.errno, f"nothing can listen at {host}:{port}: {error.strerror}") from error
    if listen:
        bound.listen(_BACKLOG)
    bound.setblocking(False)
    return bound


@dataclass(slots=True, eq=False)
class _Post:
    """A job, and the process that does it; `pid` 0 while there is none. `deaths` in a row, `due` (monotonic) for the next."""

    job: Job
    pid: int = 0
    born: float = 0.0
    due: float = 0.0
    deaths: int = 0


class Workers:
    """A process for each job; one that dies is replaced until SIGTERM or SIGINT is received. Who has no socket is told to end
    when the others have.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._listening = [job.listening for job in jobs if job.listening is not None]
        self._posts = [_Post(job) for job in jobs]
        self._ending = False

    def run(self) -> None:
        """Until told to end; then every worker has drained and is gone."""
        watched, held = os.pipe()
        heard = _heard()
        while not self._ending:
            now = time.monotonic()
            for post in self._posts:
                if not post.pid and post.due <= now:
                    post.pid, post.born = self._spawn(post.job, watched, held), now
            self._hear(heard, min((post.due - now for post in self._posts if not post.pid), default=None))
        while self._at_work():
            self._hear(heard)
        for post in self._posts:
            if post.pid:
                os.kill(post.pid, signal.SIGTERM)
        while any(post.pid for post in self._posts):
            self._hear(heard)

    def _at_work(self) -> list[int]:
        return [post.pid for post in self._posts if post.pid and post.job.listening is not None]

    def _spawn(self, job: Job, watched: int, held: int) -> int:
        """A process for this job. Orders that come meanwhile are held back until it would not lose them."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _ORDERS)
        pid = os.fork()
        if pid == 0:
            os.close(held)
            signal.set_wakeup_fd(-1)
            for number in (*_ORDERS, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._labour(job, watched)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return pid

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

    def _hear(self, heard: int, seconds: float | None = None) -> None:
        """Wait that long for news, without end if not told: of processes that have died, and of orders, which are passed on."""
        readable, _, _ = select.select([heard], [], [], None if seconds is None else max(0.0, seconds))
        news = os.read(heard, 512) if readable else b""
        for post in self._posts:
            if post.pid:
                self._look_after(post)
        for number in news:
            if number in _ORDERS:
                self._end(number)

    def _look_after(self, post: _Post) -> None:
        pid, status = os.waitpid(post.pid, os.WNOHANG)
        if not pid:
            return
        now = time.monotonic()
        post.pid = 0
        post.deaths = backoff.in_a_row(post.deaths, now - post.born)
        pause = backoff.delay(post.deaths, _LONGEST_PAUSE)
        post.due = now + pause
        if not self._ending:
            log.warning("process %d has ended (%d); the next in %g s", pid, os.waitstatus_to_exitcode(status), pause)

    def _end(self, number: int) -> None:
        self._ending = True
        for listening in self._listening:
            listening.close()  # when a worker closes its own, whoever connects is refused, and waits for nobody
        for pid in self._at_work():
            os.kill(pid, number)


def _heard() -> int:
    """Where the numbers of received signals can be read from now on."""
    readable, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written)
    for number in (*_ORDERS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return readable
