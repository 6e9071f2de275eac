"""A real facade, and a raw client for it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from chassis.ports import free_port
from tests.integration.facade.scripted import ScriptedUpstream

T = TypeVar("T")

QUICK = {
    "FACADE_POLL_INTERVAL": "0.05",
    "FACADE_RETRY_DEADLINE": "1.5",
    "FACADE_SETTLE": "0",
    "FACADE_RESTART_SETTLE": "0",
    "FACADE_LAME_DUCK": "0",
    "BANYAN_INTERNAL_TOKEN": "secret",
    "FACADE_POLICIES": str(Path(__file__).with_name("plain.toml")),
}


def until(condition: Callable[[], T], seconds: float = 10.0) -> T:
    """What `condition` returns once it is true; fails when it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value


@dataclass
class Reply:
    """An answer as a client got it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Entrance:
    """One facade. `monolith` also serves its route feed."""

    monolith: ScriptedUpstream
    var: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    admin: int = field(default_factory=free_port)
    workers: int = 1
    process: subprocess.Popen[bytes] | None = None
    version: int = 0

    def start(self) -> "Entrance":
        """Start it and wait until it is ready."""
        environment = {
            **{k: v for k, v in os.environ.items() if not k.endswith("_URL")},
            **QUICK,
            "MONOLITH_URL": self.monolith.url,
            "BANYAN_VAR": str(self.var),
            "FACADE_ADMIN_PORT": str(self.admin),
            **self.environment,
        }
        command = [sys.executable, "-m", "facade", "serve", "--port", str(self.port), "--workers", str(self.workers)]
        self.var.mkdir(parents=True, exist_ok=True)
        with (self.var / "facade.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        until(self._ready, 20)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)

    def _ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def ask(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Reply:
        """One request on a connection of its own; header names are written with `_` for `-`."""
        return _ask(self.connection(), method, target, body, headers)

    def connection(self) -> http.client.HTTPConnection:
        """A connection to be closed by who asked for it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def tell(self, target: str, method: str = "GET") -> Reply:
        """What the admin port says."""
        return self._ask(self.admin, method, target, None, {})

    def metrics(self) -> str:
        """Of all workers together."""
        return self.tell("/metrics").body.decode()

    def _ask(self, port: int, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        return _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), method, target, body, headers)

    def raw(self, data: bytes, seconds: float = 5.0) -> bytes:
        """Everything that comes back for these bytes until the facade closes, or is silent for that long."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(data)
            parts = []
            try:
                while part := connection.recv(65_536):
                    parts.append(part)
            except TimeoutError:
                pass
            return b"".join(parts)

    def route(self, phase: str = "monolith", *, epoch: int = 0, read: float = 0, shadow: float = 0, services: Any = ()) -> None:
        """Publish where `users` stands, and wait until the facade has it."""
        self.version = version = self.version + 1
        self.monolith.feed = feed(version, phase, epoch=epoch, read=read, shadow=shadow, services=services)
        until(lambda: self.ask("GET", "/readyz").json()["version"] == version)

    def event(self, name: str, context: str = "users") -> int:
        """How often something happened, by the facade's metrics."""
        found = re.search(rf'events_total{{context="{context}",event="{name}"}} (\d+)', self.metrics())
        return int(found.group(1)) if found else 0


def _ask(connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Reply:
    try:
        connection.request(method, target, body, {n.replace("_", "-"): v for n, v in headers.items()})
        response = connection.getresponse()
        return Reply(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def feed(version: int, phase: str, *, epoch: int = 0, read: float = 0, shadow: float = 0, services: Any = ()) -> dict[str, Any]:
    state = {
        "phase": phase,
        "epoch": epoch,
        "read_percent": read,
        "shadow_percent": shadow,
        "services": [upstream.url for upstream in services],
    }
    return {"version": version, "contexts": {"users": state}}
