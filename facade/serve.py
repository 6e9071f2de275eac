"""One facade's life: its workers serve until SIGTERM, drain, and are gone. SIGTERM while they drain changes nothing; SIGINT, then
or in place of it, says that no balancer has to notice.

With an admin port there is a process beside the workers, and a socket for each by which it asks them. It ends last.
"""

import asyncio
import os
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from facade import garbage
from facade.admin import inside, process
from facade.app import Facade
from facade.entrance.certificate import Certificate
from facade.entrance.listener import Listener
from facade.entrance.timeouts import Timeouts
from facade.entrance.workers import Job, Work, Workers, listen
from facade.settings import Settings


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Answer on this address, with so many processes, until told to end. Raises OSError when an address cannot be had."""
    listening = listen(host, port, workers)
    if not settings.admin_port:
        Workers([Job(_worker(settings, mine, None, workers), mine) for mine in listening]).run()
        return
    (admin,) = listen(settings.admin_host, settings.admin_port, 1)
    with ExitStack() as stack:
        # Not below var/: a socket's name has a hundred bytes at most, and several facades may share one var/.
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="banyan-facade-")))
        paths = [folder / str(number) for number in range(workers)]
        doors = [inside.door(path) for path in paths]
        jobs = [Job(_worker(settings, mine, door, workers), mine) for mine, door in zip(listening, doors, strict=True)]
        beside = Job(lambda watched: uvloop.run(process.run(admin, paths, watched)), None)
        Workers([*jobs, beside]).run()


def certificate(settings: Settings) -> Certificate | None:
    """What clients are shown; None where the entrance does not speak TLS. Raises `BadCertificate`."""
    return Certificate(Path(settings.tls_certificate), Path(settings.tls_key)) if settings.tls_key else None


def _worker(settings: Settings, mine: socket.socket, door: socket.socket | None, workers: int) -> Work:
    return lambda watched: uvloop.run(_work(settings, mine, door, watched, workers))


async def _work(settings: Settings, listening: socket.socket, door: socket.socket | None, watched: int, workers: int) -> None:
    loop = asyncio.get_running_loop()
    ending, hurrying = asyncio.Event(), asyncio.Event()

    def hurry() -> None:
        hurrying.set()
        ending.set()

    loop.add_signal_handler(signal.SIGTERM, ending.set)
    loop.add_signal_handler(signal.SIGINT, hurry)
    loop.add_reader(watched, _abandon)
    facade = Facade(settings, workers)
    facade.start()
    asked = await inside.answer_at(door, facade.answers()) if door is not None else None
    timeouts = Timeouts(settings.head_timeout, settings.body_timeout, settings.keep_alive)
    shown, wrap = certificate(settings), facade.log.watched if facade.log is not None else None
    listener = Listener(facade.handle, timeouts, facade.refused, tls=shown.context if shown else None, wrap=wrap)
    garbage.leave_to_counting()
    await listener.start(listening)
    watching = loop.create_task(shown.watch()) if shown else None
    await ending.wait()
    if watching is not None:
        watching.cancel()
    facade.draining = True
    listener.announce_end()
    with suppress(TimeoutError):
        await asyncio.wait_for(hurrying.wait(), settings.lame_duck)
    await listener.drain(settings.drain_timeout)
    await facade.stop()
    if asked is not None:
        asked.close()


def _abandon() -> None:
    """The main process is gone, and nobody would replace or end this one."""
    os._exit(1)
