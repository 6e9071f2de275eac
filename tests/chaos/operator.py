"""This side of `tests.chaos.control`: asks for a command, waits until it halts, kills it or lets it go on."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


class Silent(RuntimeError):
    """The control process said nothing for too long, or is gone; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended. `done`: its result; `failed`: why not, in one line; neither: it was killed."""

    done: Any = None
    failed: str | None = None
    succeeded: bool = False


class Operator:
    """One operator, who runs one command at a time. `log`: where what it prints goes."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.pid = 0
        self._at_work = False
        self._log = log
        self._buffer = b""
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.control"],
                cwd=ROOT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def hand_over(self, direction: str, pause: str | None = None) -> None:
        """Begin a hand-over, to halt just before the step `pause`."""
        self._begin({"do": "hand_over", "options": {"direction": direction, "pause": pause}})

    def canary(self, percent: int) -> None:
        """Share the reads with the service. Raises AssertionError when that is refused."""
        self._run({"do": "canary", "with": [percent]})

    def manage(self, *arguments: str) -> None:
        """Begin a management command; `ending` awaits it."""
        self._begin({"do": "manage", "with": arguments})

    def halted(self) -> bool:
        """Wait until the command halts. False: it ended before."""
        return "at" in self._said("at", "done", "failed", "ended", keep=True)

    def go_on(self) -> None:
        """Let a halted command go on."""
        self._tell(b"\n")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command."""
        os.kill(self.pid, number)

    def ending(self) -> Ending:
        """Wait for the end of the command. Raises AssertionError when it crashed, with its last words."""
        said = self._said("done", "failed", "ended")
        self._at_work = False
        if "ended" in said:
            assert os.WIFSIGNALED(said["ended"]), f"the command crashed: {self._last_words()}"
            return Ending()
        assert self._said("ended")["ended"] == 0
        return Ending(said.get("done"), said.get("failed"), "done" in said)

    def completed(self, direction: str, seconds: float) -> Ending:
        """Repeat a hand-over until it succeeds, as an operator would. Raises AssertionError after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            self.hand_over(direction)
            ending = self.ending()
            if ending.succeeded:
                return ending
            assert time.monotonic() < deadline, f"a repetition does not complete: {ending.failed}"
            time.sleep(0.05)

    def _run(self, request: dict[str, Any]) -> None:
        self._begin(request)
        ending = self.ending()
        assert ending.succeeded, ending.failed

    def _begin(self, request: dict[str, Any]) -> None:
        if self._at_work:  # a test has failed meanwhile; the next one is to begin all the same
            self.signal(signal.SIGKILL)
            self._said("ended")
        self._at_work = True
        self._tell(json.dumps(request).encode() + b"\n")
        self.pid = self._said("pid")["pid"]

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)

    def _said(self, *kinds: str, keep: bool = False) -> dict[str, Any]:
        """The next line of one of these kinds; others are passed over. `keep`: unless it is the first kind, it is said again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            while b"\n" not in self._buffer:
                self._read(deadline)
            line, _, rest = self._buffer.partition(b"\n")
            said: dict[str, Any] = json.loads(line)
            found = next((kind for kind in kinds if kind in said), None)
            if not (keep and found not in (None, kinds[0])):
                self._buffer = rest
            if found:
                return said

    def _read(self, deadline: float) -> None:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(self._process.stdout.fileno(), 65536) if ready else b""
        if not piece:
            raise Silent(self._last_words())
        self._buffer += piece

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]
