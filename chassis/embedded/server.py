"""What PostgreSQL and Valkey have in common: a detached daemon on a recorded port of 127.0.0.1, one per
record.

The record is written once the server answers, so whoever reads it and finds that process alive may connect;
that is the whole check, and it costs microseconds. Starting and stopping hold a file lock: two processes that
start at once get one server.
"""

import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from chassis import records
from chassis.ports import free_port, is_free
from chassis.processes import Process

_READY_SECONDS = 120  # crash recovery of a few GB of write-ahead log fits
_POLL_SECONDS = 0.01
_LOG_LIMIT = 20_000_000


class ServerError(RuntimeError):
    """An embedded server did not start; the message ends with the last lines of its log."""


class Server(ABC):
    """A server in the folder `path`; its record is `path/server.json` unless another file is named."""

    title: str

    def __init__(self, path: Path, *, durable: bool = True, record: Path | None = None) -> None:
        """`durable=False` trades safety against power loss for speed: for tests only."""
        self.path = path.absolute()
        self.durable = durable
        self.log = self.path / "server.log"
        self._record = record or self.path / "server.json"

    @abstractmethod
    def destroy(self) -> None:
        """Stop it and delete all of its files."""

    @abstractmethod
    def _spawn(self, port: int) -> Process | None:
        """Start the daemon; None when it died at once."""

    @abstractmethod
    def _answers(self, process: Process, port: int) -> bool:
        """Whether the daemon takes connections."""

    @abstractmethod
    def _halt(self, process: Process) -> None:
        """End the daemon; returns when it is gone."""

    @abstractmethod
    def _recover(self) -> None:
        """Clear away what a killed server left behind; called under the lock, while no server runs."""

    @property
    def process(self) -> Process | None:
        """The running server's process, or None."""
        record = self._read()
        if not record or "pid" not in record:
            return None
        process = Process(record["pid"], record["birth"])
        return process if process.alive else None

    @property
    def port(self) -> int:
        """The port it has, or had last; ServerError when it never ran."""
        record = self._read()
        if not record:
            raise ServerError(f"{self.path} has no server yet")
        port: int = record["port"]
        return port

    def reserve_port(self) -> None:
        """Choose the port ahead of the first start, for callers who must name it earlier than they need the
        server."""
        with self._locked():
            if not self._read():
                self._write({"port": free_port()})

    def start(self) -> None:
        """Have it running and taking connections; does nothing when it is. Errors: ServerError."""
        if self.process:
            return
        with self._locked():
            if not self.process:
                self._recover()
                self._start()

    def stop(self) -> None:
        """Have it stopped, with nothing of it left running."""
        with self._locked():
            if process := self.process:
                self._halt(process)
            self._recover()

    def _start(self) -> None:
        _trim(self.log)
        old = self._read() or {}
        port = free_port(old.get("port"))
        while True:
            process = self._spawn(port)
            if process and self._wait(process, port):
                break
            if is_free(port):
                raise ServerError(f"{self.title} in {self.path} did not start:\n{_tail(self.log)}")
            port = free_port()  # somebody was quicker on this one
        self._write({**old, "pid": process.pid, "birth": process.birth, "port": port})

    def _wait(self, process: Process, port: int) -> bool:
        deadline = time.monotonic() + _READY_SECONDS
        while process.alive:
            if self._answers(process, port):
                return True
            if time.monotonic() > deadline:
                self._halt(process)
                return False
            time.sleep(_POLL_SECONDS)
        return False

    def _locked(self) -> Any:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return records.locked(self.path / "lock")

    def _read(self) -> dict[str, Any] | None:
        return records.read(self._record)

    def _write(self, record: dict[str, Any]) -> None:
        records.write(self._record, record)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-15:])


def _trim(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
