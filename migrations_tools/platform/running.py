"""A platform from start to stop."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from chassis import records
from chassis.supervisor import Event, Report, Supervisor
from migrations_tools.platform import preparation, table
from migrations_tools.platform.stopping import clear_leftovers, running
from migrations_tools.platform.surroundings import Surroundings
from migrations_tools.platform.watch import Watch


class AlreadyRunningError(RuntimeError):
    """Another platform runs on this `var/`; the message says which."""


class Platform:
    """Monolith, users service, facade, relay and worker, under one supervisor; recorded in
    `var/run/platform.json`.

    The record holds each address by name, `pids` by name, and the `pid` of this process; it goes when the
    platform stops.
    """

    def __init__(
        self, around: Surroundings, *, facade_workers: int = 1, report: Report = lambda _event: None, migrate: bool = True
    ) -> None:
        self.record = around.var / "run" / "platform.json"
        self.urls: dict[str, str] = {}
        self._around = around
        self._facade_workers = facade_workers
        self._sink = report
        self._migrate = migrate
        self._supervisor = Supervisor(())
        self._cleanup = ExitStack()

    def start(self) -> None:
        """Prepare everything and start all processes; returns before they are ready.

        Errors: AlreadyRunningError, MigrationError.
        """
        with self._cleanup:
            self._cleanup.enter_context(_alone(self.record))
            if self._migrate:
                preparation.migrate(self._around)
            self.urls = preparation.choose_urls(self.record, secure=self._around.tls is not None)
            programs = table.programs(self.urls, self._around, facade_workers=self._facade_workers)
            self._supervisor = Supervisor(programs, self._report)
            self._cleanup.callback(self._write, running=False)
            self._cleanup.callback(self._supervisor.stop)
            self._supervisor.start()
            self._write()
            watch = Watch(self._around.servers, self._sink)
            self._cleanup.callback(watch.stop)
            watch.start()
            self._cleanup = self._cleanup.pop_all()

    def wait_ready(self, seconds: float) -> None:
        """Wait until every process is ready. Errors: NotReadyError, which names those that are not."""
        self._supervisor.wait_ready(seconds)
        self._sink(Event("platform-ready", "platform", text=f"Open {self.urls['facade']}", urls=self.urls))

    def pids(self) -> dict[str, int]:
        """Name to pid of every process that runs now."""
        return self._supervisor.pids()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill one process as an accident would; it is started again."""
        self._supervisor.kill(name, number)

    def halt(self, name: str) -> None:
        """Stop one process in order, until `resume`."""
        self._supervisor.halt(name)

    def resume(self, name: str) -> None:
        """Start a halted process."""
        self._supervisor.resume(name)

    def wait_for(self, name: str, seconds: float) -> None:
        """Wait until one process is ready (again). Errors: NotReadyError."""
        self._supervisor.wait_for(name, seconds)

    def stop(self) -> None:
        """End every process; the embedded servers stay up."""
        self._cleanup.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _report(self, event: Event) -> None:
        if event.event == "started":
            self._write()
        self._sink(event)

    def _write(self, *, running: bool = True) -> None:
        # The addresses stay when it stops: the next start takes the same ports if it can.
        alive = {"pid": os.getpid(), "mark": self._supervisor.mark, "pids": self.pids()} if running else {}
        records.write(self.record, {**self.urls, **alive})


def _alone(record: Path) -> ExitStack:
    stack = ExitStack()
    try:
        stack.enter_context(records.locked(record.with_suffix(".lock"), wait=False))
    except BlockingIOError:
        raise AlreadyRunningError(
            f"A platform already runs here (process {running(record)}): stop it with `python manage.py down`."
        ) from None
    clear_leftovers(record)
    return stack
