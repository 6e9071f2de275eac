"""The operator at the shell: runs `manage.py context …` and reads its JSON. Each command is a process of its own, as it
would be in real life, so its work is not disturbed by ours."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAUSE = 1.0  # seconds between two tries of a command whose gates are unmet


class CommandFailed(RuntimeError):
    """A command ended with an error, or refused for longer than the operator's patience. `report` is its JSON, if any."""

    def __init__(self, words: str, said: str, report: Mapping[str, Any]) -> None:
        super().__init__(f"{words}: {said}")
        self.report = report

    @property
    def unmet(self) -> list[str]:
        """The gates that were not met; empty when something else was wrong."""
        return [gate["name"] for gate in self.report.get("gates", ()) if not gate["ok"]]


@dataclass(frozen=True, slots=True)
class Operator:
    """`environment` tells the commands where the platform is; `patience`: seconds to wait for gates to be met."""

    context: str
    environment: Mapping[str, str]
    patience: float = 60.0

    def context_command(self, operation: str, *arguments: str) -> dict[str, Any]:
        """`manage.py context OPERATION NAME --json …`; tried again while gates are unmet. Raises CommandFailed."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return self._run("context", operation, self.context, "--json", *arguments)
            except CommandFailed as failure:
                if not failure.unmet or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

    def manage(self, *arguments: str) -> str:
        """Any other command; what it printed. Raises CommandFailed."""
        done = self._start(arguments)
        if done.returncode:
            raise CommandFailed(f"manage.py {' '.join(arguments)}", _last_words(done), {})
        return done.stdout

    def _run(self, *arguments: str) -> dict[str, Any]:
        done = self._start(arguments)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {}
        if done.returncode or not report:
            raise CommandFailed(f"manage.py {' '.join(arguments)}", _last_words(done), report)
        return dict(report)

    def _start(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=dict(self.environment), capture_output=True, text=True, check=False)


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip()[-2000:] or f"it ended with {done.returncode} and said nothing"
