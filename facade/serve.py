"""One worker's life: it serves until SIGTERM, drains, and is gone. SIGTERM while it drains changes nothing; SIGINT, then or in
place of it, says that no balancer has to notice.
"""

import asyncio
import logging
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import uvloop

from facade import garbage
from facade.app import Facade
from facade.entrance.certificate import Certificate
from facade.entrance.listener import Listener
from facade.entrance.timeouts import Timeouts
from facade.entrance.workers import Workers, listen
from facade.settings import Settings

log = logging.getLogger(__name__)


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Answer on this address, with so many processes, until told to end. Raises OSError when the address cannot be had."""
    listening = listen(host, port)
    Workers(workers, lambda sock, watched: uvloop.run(_work(settings, sock, watched, workers)), listening).run()


def certificate(settings: Settings) -> Certificate | None:
    """What clients are shown; None where the entrance does not speak TLS. Raises `BadCertificate`."""
    return Certificate(Path(settings.tls_certificate), Path(settings.tls_key)) if settings.tls_key else None


async def _work(settings: Settings, listening: socket.socket, watched: int, workers: int) -> None:
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
    timeouts = Timeouts(settings.head_timeout, settings.body_timeout, settings.keep_alive)
    shown = certificate(settings)
    listener = Listener(facade.handle, timeouts, facade.refused, tls=shown.context if shown else None)
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


def _abandon() -> None:
    """The main process is gone, and nobody would replace or end this one."""
    os._exit(1)
