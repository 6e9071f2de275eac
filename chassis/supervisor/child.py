"""One supervised process: started, watched until it is ready, started again when it dies, ended on
request."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

from chassis.supervisor import backoff
from chassis.supervisor.events import Event, Report
from chassis.supervisor.program import Program

_PROBE_SECONDS = 0.05


class Child:
    """Keeps one program running, in a thread of its own and a session of its own (Ctrl-C reaches the
    supervisor alone)."""

    def __init__(self, program: Program, environment: dict[str, str], report: Report) -> None:
        self.program = program
        self.ready = threading.Event()
        self._environment = {**environment, **program.environment}
        self._report = report
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()  # nothing is spawned once a stop was asked for
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the process that runs now."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    def start(self) -> None:
        """Begin to keep it running; returns at once."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._keep, name=f"child {self.program.name}", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Its stop signal to its whole group, and no restart; returns at once."""
        with self._lock:
            self._stopping.set()
            self._signal(self.program.stop_signal)

    def finish(self) -> None:
        """After `ask_to_stop`: wait until it is gone, with SIGKILL once its time is up."""
        thread = self._thread
        if thread is None:
            return
        thread.join(self.program.stop_seconds)
        while thread.is_alive():
            self._signal(signal.SIGKILL)
            thread.join(1)

    def _keep(self) -> None:
        crashes = 0
        while (process := self._spawn()) is not None:
            born = time.monotonic()
            self._watch(process)
            self.ready.clear()
            if self._stopping.is_set():
                self._report(Event("stopped", self.program.name, process.pid, code=process.returncode))
                return
            crashes = backoff.in_a_row(crashes, time.monotonic() - born)
            pause = backoff.delay(crashes, self.program.longest_pause)
            code = process.returncode
            self._report(Event("crashed", self.program.name, process.pid, code=code, restart_in=pause))
            self._stopping.wait(pause)

    def _spawn(self) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(
                list(self.program.command),
                cwd=self.program.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        self._report(Event("started", self.program.name, self._process.pid))
        return self._process

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """Returns when it is dead, its output is read and nothing of its group is left."""
        assert process.stdout is not None
        reader = threading.Thread(target=self._relay, args=(process.stdout, process.pid), daemon=True)
        reader.start()
        while not self.ready.is_set() and not _ended(process, _PROBE_SECONDS):
            if self.program.ready() and process.poll() is None:
                self._report(Event("ready", self.program.name, process.pid))
                self.ready.set()
        process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # workers of a dead main process hold its port
        reader.join(1)

    def _relay(self, output: IO[str], pid: int) -> None:
        for line in output:
            self._report(Event("output", self.program.name, pid, text=line.rstrip("\n")))

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process and process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)


def _ended(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
