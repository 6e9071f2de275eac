"""Keeps the embedded servers running while a platform runs, as an operator of real ones would."""

import threading
from collections.abc import Sequence

from chassis.embedded.server import Server
from chassis.supervisor import Event, Report

_LOOK_SECONDS = 0.2


class Watch:
    """Looks at the servers several times a second, and starts again what died."""

    def __init__(self, servers: Sequence[Server], report: Report) -> None:
        self._servers = servers
        self._report = report
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End; the servers stay as they are."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            for server in self._servers:
                if server.process is None:
                    self._start(server)

    def _start(self, server: Server) -> None:
        try:
            server.start()
        except (OSError, RuntimeError) as error:
            self._report(Event("note", "platform", text=f"{server.title} is gone and cannot be started: {error}"))
            self._over.wait(1)
        else:
            self._report(Event("note", "platform", text=f"{server.title} was gone, and was started again"))
