"""The process of the admin port. It shares nothing with the workers but the paths of their sockets.

It goes when the main process has ended the workers, so that it can still be asked while they drain; or when that is gone.
"""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from facade.admin.page import Page
from facade.entrance.listener import Listener
from facade.entrance.timeouts import Timeouts

_LAST_ANSWERS = 0.2
"""Seconds."""


async def run(listening: socket.socket, doors: Sequence[Path], watched: int) -> None:
    """Answer until SIGTERM. `watched` is readable when the main process is gone."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # from a terminal everybody gets it, and the workers have to drain
    loop.add_reader(watched, _abandon, doors)
    listener = Listener(Page(doors).handle, Timeouts(), lambda _status: None)
    await listener.start(listening)
    await ending.wait()
    await listener.drain(_LAST_ANSWERS)


def _abandon(doors: Sequence[Path]) -> None:
    """The main process is gone, and nobody else would clear away what it made."""
    for folder in {path.parent for path in doors}:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
