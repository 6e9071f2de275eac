"""Stopping a platform from outside, and what is left of one that was killed."""

import signal
from pathlib import Path

from chassis import processes, records
from chassis.supervisor import leash

_STOP_SECONDS = 30.0


def running(record: Path) -> int | None:
    """The pid of the platform that the record speaks of, while that runs."""
    pid = (records.read(record) or {}).get("pid")
    return pid if pid and processes.find(pid) else None


def stop_platform(record: Path) -> int | None:
    """Ask it to stop, and wait until it and all of its processes are gone; its pid, or None when none was
    running."""
    pid = running(record)
    process = processes.find(pid) if pid else None
    if process:
        process.send(signal.SIGTERM)
        if not process.gone_within(_STOP_SECONDS):
            process.send(signal.SIGKILL)
    clear_leftovers(record)
    return pid


def clear_leftovers(record: Path) -> None:
    """End what a platform that was killed left running."""
    if mark := (records.read(record) or {}).get("mark"):
        leash.end(mark, grace_seconds=0)
