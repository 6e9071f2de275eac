"""Ends every process that a supervisor ever started, when the supervisor is gone, however it went.

    python -I leash.py <mark>

All supervised processes carry the supervisor's mark in their environment, and so do their descendants. A
process group would miss what moved to a group of its own, and a parent-death signal reaches only direct
children. As a script it waits for the end of its standard input, a pipe whose other end only the supervisor
holds: kill -9 closes it too. After an orderly end it finds nothing left to do. Imports the standard library
only.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "BANYAN_SUPERVISED_BY"
GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.02


def marked(mark: str) -> list[int]:
    """The pids of living processes (not zombies) that carry the mark, as far as this user may see; not this
    process."""
    entry = f"{VARIABLE}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with suppress(OSError):
                # A zombie's environment reads as empty.
                if entry in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def end(mark: str, grace_seconds: float) -> None:
    """SIGTERM to all that carry the mark, then SIGKILL to those that live on after the grace, until none is
    left.

    Looks again after each round: a process may have started another one while it was being looked at.
    """
    deadline = time.monotonic() + grace_seconds
    asked: set[int] = set()
    while pids := marked(mark):
        late = time.monotonic() > deadline
        for pid in pids:
            if late or pid not in asked:
                asked.add(pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(_POLL_SECONDS)


def main() -> None:
    """Wait for the end of input, then end what carries the mark."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    end(sys.argv[1], GRACE_SECONDS)


if __name__ == "__main__":
    main()
