"""A closed loop, by `load.c`: so many connections, each with one request under way, for so many seconds."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.gateway.tools import load_generator
from benchmarks.report import CannotMeasure


class LoadFailed(CannotMeasure):
    """Some requests were not answered as they should be, so their rate tells nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """`answers` in `seconds`, all of them 200 and whole."""

    answers: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def closed_loop(port: int, requests: Sequence[bytes], connections: int, seconds: int, body: int) -> Load:
    """Send the requests in turn; each answer has `body` bytes (0: of any length). Raises `LoadFailed` and `ToolMissing`."""
    with tempfile.NamedTemporaryFile(prefix="banyan-bench-") as file:
        file.write(b"".join(request + b"\0" for request in requests))
        file.flush()
        command = [str(load_generator()), *map(str, (port, connections, seconds)), file.name, str(body)]
        told = subprocess.run(command, check=False, capture_output=True, text=True)
    if told.returncode != 0:
        raise LoadFailed(f"no requests to port {port}: {told.stderr.strip()}")
    summary = json.loads(told.stdout)
    answers = summary["requests"]
    if summary["failed"] or not answers:
        raise LoadFailed(f"of {answers:,} requests to port {port}, {summary['failed']:,} failed; {summary['bytes']:,} bytes came")
    return Load(answers, summary["seconds"])
