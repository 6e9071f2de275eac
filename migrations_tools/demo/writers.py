"""The load generator as a child process: started, watched and stopped by whoever judges a system under load.

It takes a facade's URL and knows nothing of how the system behind it was started.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import psycopg

from migrations_tools.demo.customers import Account
from migrations_tools.demo.record import Opened, Tail

ROOT = Path(__file__).resolve().parents[2]


class LoadFailed(RuntimeError):
    """The generator ended by itself, or did not begin or end in time; `said` is what it wrote on stderr."""

    def __init__(self, what: str, said: str) -> None:
        super().__init__(f"{what}: {said.strip()[-2000:] or 'it said nothing'}")
        self.said = said


def accounts_of(monolith_url: str, password: str, limit: int = 5000) -> list[Account]:
    """Customers of the monolith's database who can sign in with this password, since `load_data --password` gave it to them."""
    with psycopg.connect(monolith_url) as connection:
        rows = connection.execute(
            "SELECT email FROM users_user WHERE is_active AND password <> '' ORDER BY md5(id::text) LIMIT %s", (limit,)
        )
        return [Account(email, password) for (email,) in rows]


@dataclass
class Writers:
    """`start`, and later `stop`; or a `with` block around what is to happen under load. `run` must differ between
    two loads on the same databases."""

    facade: str
    accounts: Sequence[Account]
    journal: Path
    run: str
    rate: float = 120.0
    seed: int = 1
    signed_in: int = 60
    last_look: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.stop()
        else:
            self.kill()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, timeout: float = 60.0) -> None:
        """Returns when the first customers have signed in and the schedule runs. Raises LoadFailed."""
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        members = self.journal.with_suffix(".accounts.json")
        members.write_bytes(orjson.dumps([asdict(account) for account in self.accounts]))
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(self._command(members), cwd=ROOT, stdin=subprocess.PIPE, stderr=errors)
        tail, deadline = Tail(self.journal), time.monotonic() + timeout
        while not any(isinstance(entry, Opened) for entry in tail.entries()):
            if not self.alive or time.monotonic() > deadline:
                self.kill()
                raise LoadFailed("the load did not begin", self._said())
            time.sleep(0.05)

    def stop(self, timeout: float = 120.0) -> None:
        """End the schedule, await what is in flight and the last look. Raises LoadFailed."""
        if self._process is None:
            return
        assert self._process.stdin
        self._process.stdin.close()
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LoadFailed(f"the load did not end within {timeout:.0f} s", self._said()) from None
        if code:
            raise LoadFailed(f"the load ended with {code}", self._said())

    def kill(self) -> None:
        """End it at once; the journal holds what was acknowledged until then."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _command(self, members: Path) -> list[str]:
        named = {
            "--facade": self.facade, "--accounts": members.absolute(), "--journal": self.journal.absolute(), "--rate": self.rate,
            "--seed": self.seed, "--run": self.run, "--signed-in": self.signed_in,
        }  # fmt: skip
        flags = [str(word) for pair in named.items() for word in pair]
        last = [] if self.last_look else ["--no-last-look"]
        return [sys.executable, "-m", "migrations_tools.demo.load", *flags, *last]

    @property
    def _errors(self) -> Path:
        return self.journal.with_suffix(".stderr")

    def _said(self) -> str:
        return self._errors.read_text(errors="replace")
