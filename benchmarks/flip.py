"""How long after a flip of a flag requests still take the old road: a facade under load, told over Valkey as by control."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import valkey

from benchmarks.progress import Progress
from benchmarks.report import CannotMeasure, Result, Target
from chassis.embedded import ValkeyServer
from chassis.ports import free_port

FLIPS = 50
CLIENTS = 16
BETWEEN = 0.2
_PATH = b"/api/v1/users/me"
_POLICIES = '[defaults]\nauthenticate = "none"\nsecure = false\n'
_CHANNEL = "banyan:routes"


@dataclass
class Side:
    """An upstream that answers with its name, and the route feed where it is asked for that."""

    name: bytes
    feed: bytes = b""
    port: int = field(default_factory=free_port)
    connections: dict[asyncio.StreamWriter, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        task = asyncio.current_task()
        assert task is not None
        self.connections[writer] = task
        while head := await _head(reader):
            body = self.feed if b"/internal/control/routes" in head else self.name
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@dataclass
class Load:
    """Requests without a pause on some connections; `asked`: when each began and who answered, b"" where it failed."""

    port: int
    asked: list[tuple[float, bytes]] = field(default_factory=list)
    over: bool = False

    async def client(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while not self.over:
            began = time.perf_counter()
            writer.write(b"GET %b HTTP/1.1\r\nhost: bench\r\n\r\n" % _PATH)
            head = await _head(reader)
            length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
            body = await reader.readexactly(length) if head else b""
            self.asked.append((began, body if head.startswith(b"HTTP/1.1 200") else b""))
            if not head:
                return
        writer.close()


def run(scale: float, progress: Progress) -> Result:
    """Flips from the monolith to the service and back; each is one message, as `manage.py flag` sends it after its commit."""
    flips = max(5, int(FLIPS * scale))
    progress.expect(2 * BETWEEN * flips)
    with tempfile.TemporaryDirectory() as folder:
        server = ValkeyServer(Path(folder) / "valkey", durable=False)
        server.start()
        try:
            late, load = asyncio.run(_measure(Path(folder), server.url(), flips, progress))
        finally:
            server.destroy()
    failed = sum(not who for _, who in load.asked)
    centiles = quantiles(late, n=100, method="inclusive")
    return Result(
        "flip",
        (
            Target("old road after a flip, p99 ms / 50 ms", centiles[98] / 50, at_most=1.0),
            Target("requests failed", float(failed), at_most=0),
        ),
        {
            "flips": flips, "requests": len(load.asked), "clients": CLIENTS, "p50 ms": median(late), "p99 ms": centiles[98],
            "max ms": max(late),
        },
    )  # fmt: skip


async def _measure(folder: Path, url: str, flips: int, progress: Progress) -> tuple[list[float], Load]:
    monolith, service = Side(b"monolith"), Side(b"service")
    async with _listening(monolith), _listening(service), _facade(folder, url, monolith) as port:
        teller = valkey.Valkey.from_url(url)
        load = Load(port)
        clients = [asyncio.create_task(load.client()) for _ in range(CLIENTS)]
        late = []
        for number in range(1, flips + 1):
            progress.step(f"flip {number} of {flips}", 2 * BETWEEN)
            await asyncio.sleep(BETWEEN)
            to, old = (service, monolith) if number % 2 else (monolith, service)
            monolith.feed = _feed(number, to, service)
            began = time.perf_counter()
            teller.publish(_CHANNEL, monolith.feed)
            await asyncio.sleep(BETWEEN)
            if not any(at >= began and who == to.name for at, who in load.asked):
                raise CannotMeasure(f"flip {number} was not taken: nobody was answered by the {to.name.decode()}")
            after = [at for at, who in load.asked if at >= began and who == old.name]
            late.append((max(after) - began) * 1000 if after else 0.0)
        load.over = True
        await asyncio.gather(*clients)
        teller.close()
    return late, load


def _feed(version: int, owner: Side, service: Side) -> bytes:
    phase = "service" if owner is service else "canary"
    state = {"phase": phase, "epoch": version, "read_percent": 0, "shadow_percent": 0, "services": [service.url]}
    return json.dumps({"version": version, "contexts": {"users": state}}).encode()


@asynccontextmanager
async def _listening(side: Side) -> AsyncIterator[None]:
    side.feed = side.feed or _feed(0, side, side)
    server = await asyncio.start_server(side.serve, "127.0.0.1", side.port)
    try:
        yield
    finally:
        server.close()
        for writer in side.connections:
            writer.close()
        await asyncio.gather(*side.connections.values())


@asynccontextmanager
async def _facade(folder: Path, valkey_url: str, monolith: Side) -> AsyncIterator[int]:
    policies = folder / "gateway.toml"
    policies.write_text(_POLICIES)
    port = free_port()
    environment = {
        **os.environ, "MONOLITH_URL": monolith.url, "VALKEY_URL": valkey_url, "FACADE_POLICIES": str(policies),
        "FACADE_LAME_DUCK": "0",
        "BANYAN_VAR": str(folder / "var"), "FACADE_POLL_INTERVAL": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "facade", "serve", "--port", str(port)]
    with (folder / "facade.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        await _ready(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


async def _ready(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
                said = await reader.read()
                writer.close()
                if said.startswith(b"HTTP/1.1 200"):
                    return
            except ConnectionError:
                pass
            await asyncio.sleep(0.05)
