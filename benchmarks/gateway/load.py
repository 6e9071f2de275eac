"""A closed loop of wrk: so many connections, each with one request under way, for so many seconds."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import CannotMeasure
from chassis.ports import LOOPBACK

_SCRIPT = Path(__file__).parent / "config" / "requests.lua"


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


def wrk(port: int, requests: Sequence[bytes], connections: int, seconds: int, body: int) -> Load:
    """Send the requests in turn; each answer has a body of `body` bytes. Raises `LoadFailed`."""
    with tempfile.NamedTemporaryFile(prefix="banyan-bench-") as file:
        file.write(b"".join(request + b"\0" for request in requests))
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "-s", str(_SCRIPT)]
        told = subprocess.run([*command, f"http://{LOOPBACK}:{port}/", file.name], check=True, capture_output=True, text=True)
    summary = json.loads(told.stdout.splitlines()[-1])
    answers = summary["requests"]
    if summary["failed"] or not answers or summary["bytes"] < answers * body:
        raise LoadFailed(f"of {answers:,} requests to port {port}, {summary['failed']:,} failed; {summary['bytes']:,} bytes came")
    return Load(answers, summary["seconds"])
