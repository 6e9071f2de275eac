"""A server that runs for the benchmark: started on its processors, watched from outside, and ended with it."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from benchmarks.report import CannotMeasure
from chassis.ports import LOOPBACK

_READY_SECONDS = 30.0
_STOP_SECONDS = 30.0
_PASSED_ON = ("HOME", "LANG", "PATH")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ProgramError(CannotMeasure):
    """A program did not come up; the message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a program: it sees no variables beside these, `HOME`, `LANG` and `PATH`."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Program:
    """It answers GET `probe` on `port` with 200 once this is entered."""

    def __init__(self, name: str, start: Start, *, port: int, folder: Path, processors: frozenset[int], probe: str) -> None:
        self.name = name
        self.port = port
        self._start = start
        self.folder = folder
        self._processors = processors
        self._probe = probe
        self.log = folder / "log"

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = psutil.Popen(
                list(self._start.command),
                cwd=self.folder,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(self._start.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=self._sit,
            )
        try:
            self._await_answer()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    @property
    def family(self) -> list[psutil.Process]:
        """It and all that it started."""
        return [self._process, *self._process.children(recursive=True)]

    def processor_seconds(self) -> float:
        """Processor time that the family has used so far, in user mode and in the kernel."""
        times = [member.cpu_times() for member in self.family]
        return float(sum(time.user + time.system for time in times))

    def workers_seconds(self) -> list[float]:
        """The same of each process that it started, in the order of their numbers: its workers, where it starts such."""
        members = sorted(self.family[1:], key=lambda member: member.pid)
        return [float(sum(member.cpu_times()[:2])) for member in members]

    def resident_mib(self) -> float:
        """Memory that the family holds now; pages that they share are counted for each."""
        return float(sum(member.memory_info().rss for member in self.family)) / 2**20

    def _sit(self) -> None:
        os.sched_setaffinity(0, self._processors)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ProgramError(f"{self.name} does not answer {self._probe}:\n{self._tail()}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=2)
        try:
            connection.request("GET", self._probe)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _end(self) -> None:
        family = self.family if self._process.poll() is None else []
        if family:
            self._process.terminate()
        _, left = psutil.wait_procs(family, timeout=_STOP_SECONDS)
        for member in left:
            member.kill()
        self._process.wait()

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
