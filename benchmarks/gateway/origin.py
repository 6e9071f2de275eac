"""The one upstream of all peers: nginx with one worker and static files, so that it is the least of what is measured."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.gateway.programs import Program, Start
from benchmarks.gateway.wheels import nginx, rendered
from chassis.ports import LOOPBACK, free_port

PLACES = ("plain", "api/v1/users")
"""Every body lies in both: what the facade routes without a policy, and what belongs to a context."""


def _small() -> bytes:
    document = {
        "id": "0190f3a2-6b1e-7c44-9d70-3c1f5a2b8e10",
        "email": "astrid.lindqvist@example.org",
        "name": {"given": "Astrid", "family": "Lindqvist"},
        "active": True,
        "version": 17,
        "updated_at": "2026-11-22T20:15:00Z",
    }
    return json.dumps(document).encode()


def _large(size: int) -> bytes:
    text = b"[" + b",".join([_small()] * (size // (len(_small()) + 1)))
    return text.ljust(size - 1) + b"]"


BODIES: Mapping[str, bytes] = {"small": _small(), "64 KiB": _large(64 * 1024)}
"""By the name under which they are reported; both are JSON."""

FILES: Mapping[str, str] = {"small": "small.json", "64 KiB": "large.json"}
"""Where each body lies."""

PROBE = f"/{PLACES[0]}/{FILES['small']}"
"""Whoever answers this one is ready."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The running upstream."""

    program: Program
    port: int

    def connections(self) -> int:
        """How many connections were made to it so far, with the one that asks."""
        connection = HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", "/connection")
            return int(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def origin(folder: Path, processors: frozenset[int], documents: Mapping[str, bytes]) -> Iterator[Origin]:
    """Run it in this folder; `documents` are further files by their path, such as the facade's route feed."""
    folder.mkdir()
    for place in PLACES:
        for name, body in BODIES.items():
            _put(folder / "files" / place / FILES[name], body)
    for path, content in documents.items():
        _put(folder / "files" / path, content)
    port = free_port()
    (folder / "origin.conf").write_text(rendered("origin.conf", port=port))
    start = Start([nginx(), "-p", str(folder), "-c", "origin.conf"])
    with Program("upstream", start, port=port, folder=folder, processors=processors, probe=PROBE) as program:
        yield Origin(program, port)


def _put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
