"""All supervised processes together."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from chassis.supervisor import leash
from chassis.supervisor.child import Child
from chassis.supervisor.events import Event, Report
from chassis.supervisor.program import Program


class NotReadyError(RuntimeError):
    """Some processes were not ready in time; the message names them."""


class Supervisor:
    """Keeps programs running between `start` and `stop` (or inside `with`); thread safe.

    `report` gets every event, one at a time. Whatever ends this process, kill -9 included, ends all that it
    started.
    """

    def __init__(self, programs: Iterable[Program], report: Report = lambda _event: None) -> None:
        self.mark = secrets.token_hex(16)
        self._sink = report
        self._reporting = threading.Lock()
        environment = {**os.environ, leash.VARIABLE: self.mark}
        self._children = {program.name: Child(program, environment, self._report) for program in programs}
        self._leash: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start them all; returns at once. Errors: FileNotFoundError, before anything was started."""
        for name, child in self._children.items():
            if shutil.which(child.program.command[0]) is None:
                raise FileNotFoundError(f"{name}: there is no program {child.program.command[0]}")
        command = [sys.executable, "-I", leash.__file__, self.mark]
        self._leash = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd="/")
        for child in self._children.values():
            child.start()

    def wait_ready(self, seconds: float) -> None:
        """Wait until all are ready at least once. Errors: NotReadyError."""
        deadline = time.monotonic() + seconds
        late = [name for name, child in self._children.items() if not child.ready.wait(max(0.0, deadline - time.monotonic()))]
        if late:
            raise NotReadyError(f"not ready after {seconds:g} s: {', '.join(late)}")

    def pids(self) -> dict[str, int]:
        """Name to pid of every process that runs now."""
        return {name: child.pid for name, child in self._children.items() if child.pid is not None}

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal one program's process, as an accident would: it is started again. KeyError when it does not
        run."""
        os.kill(self.pids()[name], number)

    def halt(self, name: str) -> None:
        """Stop one program in order, until `resume`."""
        self._children[name].ask_to_stop()
        self._children[name].finish()

    def resume(self, name: str) -> None:
        """Start a program again that was halted."""
        self._children[name].start()

    def wait_for(self, name: str, seconds: float) -> None:
        """Wait until one program is ready (again). Errors: NotReadyError."""
        if not self._children[name].ready.wait(seconds):
            raise NotReadyError(f"not ready after {seconds:g} s: {name}")

    def stop(self) -> None:
        """End them all, side by side: SIGTERM, then SIGKILL; nothing that they started is left when it
        returns."""
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.finish()
        leash.end(self.mark, grace_seconds=0)
        if self._leash and self._leash.stdin:
            self._leash.stdin.close()
            self._leash.wait()
            self._leash = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _report(self, event: Event) -> None:
        with self._reporting:
            self._sink(event)
