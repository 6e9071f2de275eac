"""Processes by identity, not by number: a pid that was given to someone else, or is a zombie, does not count
as alive.

Reads `/proc`, so it serves Linux only.
"""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_STATE, _STARTED = 0, 19  # positions in /proc/<pid>/stat, counted after the command's closing bracket
_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its pid, and its birth (boot and clock tick), which no later owner of the pid shares."""

    pid: int
    birth: str

    @property
    def alive(self) -> bool:
        """Whether it still runs; an unreaped zombie does not."""
        return find(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Signal it; nothing happens when it is gone."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def gone_within(self, seconds: float) -> bool:
        """Wait until it is gone, at most so long; whether it is."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def find(pid: int) -> Process | None:
    """The living process that has this pid, or None."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[_STATE] in "ZX":
        return None
    return Process(pid, f"{_boot()}-{fields[_STARTED]}")


def working_in(folder: Path, command: str) -> list[Process]:
    """The living processes that run `command` in the working directory `folder`, as far as this user may
    see."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                here = (entry / "cwd").readlink() == folder and (entry / "comm").read_text().strip() == command
                if here and (process := find(int(entry.name))):
                    found.append(process)
    return found


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
