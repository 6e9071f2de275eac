"""Real instances of the users service, started as the platform starts them, on one database that has the users."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import requests

from chassis.ports import LOOPBACK, free_port
from chassis.supervisor import http_ok
from migrations_tools.platform import Surroundings, table
from tests.integration.facade.entrance import until

_STARTED = 30.0
_ENDED = 30.0


@dataclass
class Service:
    """One instance: granian and its worker. `log` is where it writes to."""

    around: Surroundings
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> "Service":
        """Wait until it can serve."""
        program = next(
            one for one in table.programs(dict.fromkeys(table.LISTENING, self.url), self.around) if one.name == "users"
        )
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(program.command),
                cwd=program.folder,
                env={**os.environ, **program.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(http_ok(f"{self.url}/readyz"), _STARTED)
        return self

    def serves(self) -> bool:
        """Whether a request for users has come to it since it was started."""
        metrics = requests.get(f"{self.url}/metrics", timeout=10).text
        return re.search(r'^banyan_requests_total\{.*route="/?api/v1/users', metrics, re.MULTILINE) is not None

    def takers_of_sigterm(self) -> int:
        """How many threads of its worker SIGTERM could go to. (One that waits for a signal does not block it.)"""
        assert self.process is not None
        (worker,) = [one for one in psutil.Process(self.process.pid).children() if "resource_tracker" not in str(one.cmdline())]
        threads = [status.read_text() for status in Path(f"/proc/{worker.pid}/task").glob("*/status")]
        return sum(not _blocks_sigterm(status) for status in threads)

    def stop(self) -> None:
        """SIGTERM, to the main process alone, as a container's end is told; wait until it is gone."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(_ENDED) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def owning(around: Surroundings) -> None:
    """Bring the database of the users service up to date, and give it the users."""
    program = table.migrations(around)["users"]
    subprocess.run(list(program.command), cwd=program.folder, env={**os.environ, **program.environment}, check=True)
    with psycopg.connect(around.databases["users"]) as connection:
        connection.execute(
            "INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 1)"
            " ON CONFLICT (context) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch"
        )


def _blocks_sigterm(status: str) -> bool:
    (blocked,) = re.findall(r"^SigBlk:\s*(\w+)$", status, re.MULTILINE)
    return bool(int(blocked, 16) & 1 << signal.SIGTERM - 1)
