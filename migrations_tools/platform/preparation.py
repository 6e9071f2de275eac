"""What has to be done before the processes start: schemas brought up to date, ports chosen."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from chassis import records
from chassis.ports import LOOPBACK, free_port
from migrations_tools.platform import table
from migrations_tools.platform.surroundings import Surroundings


class MigrationError(RuntimeError):
    """A schema could not be brought up to date; the message ends with what Django said."""


def migrate(around: Surroundings) -> None:
    """Migrate the monolith's databases and the service's, side by side: they share nothing. Errors:
    MigrationError."""
    running = {
        name: subprocess.Popen(
            list(program.command),
            cwd=program.folder,
            env={**os.environ, **program.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, program in table.migrations(around).items()
    }
    output = {name: process.communicate()[0] for name, process in running.items()}
    if failed := [name for name, process in running.items() if process.returncode != 0]:
        raise MigrationError("\n".join(f"migrate {name}:\n{output[name][-4000:]}" for name in failed))


def choose_urls(record: Path, *, secure: bool = False) -> dict[str, str]:
    """Where each listening process will listen: on its last port when that is still free. `secure`: by https, but the facade."""
    last: Mapping[str, object] = records.read(record) or {}
    taken: set[int] = set()
    urls = {}
    for name in table.LISTENING:
        port = free_port(urlsplit(str(last.get(name, ""))).port)
        while port in taken:
            port = free_port()
        taken.add(port)
        scheme = "https" if secure and name in table.UPSTREAMS else "http"
        urls[name] = f"{scheme}://{LOOPBACK}:{port}"
    return urls
