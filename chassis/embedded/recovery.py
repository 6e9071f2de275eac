"""After a kill -9: make a server's folder safe to start in again.

A dead postmaster's backends may live on in the middle of a statement, with the old shared memory attached,
and a new postmaster refuses to start beside them (rightly: two generations would write the same files). A
server may also run unrecorded, when its starter was killed before it wrote the record. Both are ended here;
what they had not committed is rolled back.
"""

import signal
from pathlib import Path

from chassis import processes

_ENDING_SECONDS = 10


class OrphanError(RuntimeError):
    """Processes of a dead server still run in its folder, and cannot be ended: end them by hand."""


def end_orphans(folder: Path, command: str) -> None:
    """End whatever still runs `command` in `folder`, whose recorded server is dead. Errors: OrphanError."""
    orphans = processes.working_in(folder, command)
    for process in orphans:
        process.send(signal.SIGKILL)
    if alive := [process.pid for process in orphans if not process.gone_within(_ENDING_SECONDS)]:
        raise OrphanError(f"{command} in {folder} is dead, but its processes {alive} cannot be ended")
