"""How long after a flip of a flag requests still take the old road: control's own code, database and Valkey, a facade of two
workers under load, and upstreams that cost next to nothing, so that the facade has the load and not they.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import orjson

from benchmarks.platform import START_SECONDS, Bench, platform
from benchmarks.progress import Progress
from benchmarks.report import CannotMeasure, Result, Target
from chassis.ports import free_port
from chassis.registry.facades import HEADER
from migrations_tools.platform import NAMES

FLIPS = 50
CLIENTS = 16
WORKERS = 2
BETWEEN = 0.2
_PATH = b"/api/v1/users/me"
_POLICIES = '[defaults]\nauthenticate = "none"\nsecure = false\n'

Answer = Callable[[bytes], bytes]
"""From a request's head to a body; it may block."""


@dataclass
class Side:
    """An upstream that answers with its name. `control` answers in its place what is asked of control."""

    name: bytes
    control: Answer | None = None
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
            body = self.name
            if self.control is not None and b" /internal/control/routes" in head:
                body = await asyncio.to_thread(self.control, head)
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


@dataclass(frozen=True, slots=True)
class Flip:
    """Milliseconds from the command's beginning: until the last request that took the old road began, and until it returned; and
    how many began on the old road after that.
    """

    old_until: float
    returned: float
    old_after: int


def run(scale: float, progress: Progress) -> Result:
    """A read percentage goes from 0 to 100 and back, by what `manage.py flag` does: a commit, a word over Valkey, and a wait
    until every worker has said that it has it.
    """
    count = max(5, int(FLIPS * scale))
    progress.expect(START_SECONDS + 2 * BETWEEN * count)
    progress.step("databases, control and Valkey", START_SECONDS)
    with platform(halted=NAMES) as bench:
        flips, load = asyncio.run(_measure(bench, count, progress))
    failed = sum(not who for _, who in load.asked)
    old, returned = [flip.old_until for flip in flips], [flip.returned for flip in flips]
    return Result(
        "flip",
        (
            Target("old road after a flip, p99 ms / 50 ms", _p99(old) / 50, at_most=1.0),
            Target("requests on the old road after `flag` returned", float(sum(flip.old_after for flip in flips)), at_most=0),
            Target("requests failed", float(failed), at_most=0),
        ),
        {
            "flips": count, "requests": len(load.asked), "clients": CLIENTS, "workers": WORKERS,
            "p50 ms": median(old), "p99 ms": _p99(old), "max ms": max(old),
            "flag returns after, p50 ms": median(returned), "flag returns after, p99 ms": _p99(returned),
        },
    )  # fmt: skip


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


async def _measure(bench: Bench, count: int, progress: Progress) -> tuple[list[Flip], Load]:
    monolith, service = Side(b"monolith", control=_routes), Side(b"service")
    os.environ["USERS_URL"] = service.url  # where control says that the service is
    await asyncio.to_thread(_to_canary)
    async with _listening(monolith), _listening(service), _facade(bench, monolith) as port:
        load = Load(port)
        clients = [asyncio.create_task(load.client()) for _ in range(CLIENTS)]
        flips = []
        for number in range(count):
            progress.step(f"flip {number + 1} of {count}", 2 * BETWEEN)
            await asyncio.sleep(BETWEEN)
            to, old, percent = (service, monolith, 100) if number % 2 == 0 else (monolith, service, 0)
            before, began = len(load.asked), time.perf_counter()
            reached = await asyncio.to_thread(_flag, percent)
            returned = time.perf_counter()
            if reached != WORKERS:
                raise CannotMeasure(f"flip {number + 1}: {reached} of {WORKERS} workers have said that they have it")
            await asyncio.sleep(BETWEEN)
            asked = load.asked[before:]
            if not any(at >= returned and who == to.name for at, who in asked):
                raise CannotMeasure(f"flip {number + 1} was not taken: nobody was answered by the {to.name.decode()}")
            after = [at for at, who in asked if at >= began and who == old.name]
            until = (max(after) - began) * 1000 if after else 0.0
            flips.append(Flip(until, (returned - began) * 1000, sum(at >= returned for at in after)))
        load.over = True
        await asyncio.gather(*clients)
    return flips, load


def _to_canary() -> None:
    from migrations_tools.control.flags import Reason, change
    from migrations_tools.phases import Phase

    for phase in (Phase.DUAL_WRITE, Phase.SHADOW, Phase.CANARY):
        change("users", Reason("bench", "bench"), phase=phase, epoch=1)


def _flag(percent: int) -> int:
    """What `manage.py flag users.read_percent` does; how many workers have it."""
    from migrations_tools.control.facades import await_applied
    from migrations_tools.control.flags import Reason, change

    reach = await_applied(change("users", Reason("bench", "flag"), read_percent=percent).version)
    return 0 if reach.late else reach.told


def _routes(head: bytes) -> bytes:
    """The route feed, by what answers it in the monolith, which takes down who asks."""
    from migrations_tools.control import facades, feed

    lines = (line.partition(b": ") for line in head.split(b"\r\n"))
    facades.heard({name.lower(): value.decode() for name, _, value in lines}.get(HEADER.lower().encode()))
    return orjson.dumps(feed.routes())


@asynccontextmanager
async def _listening(side: Side) -> AsyncIterator[None]:
    server = await asyncio.start_server(side.serve, "127.0.0.1", side.port)
    try:
        yield
    finally:
        server.close()
        for writer in side.connections:
            writer.close()
        await asyncio.gather(*side.connections.values())


@asynccontextmanager
async def _facade(bench: Bench, monolith: Side) -> AsyncIterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory() as var:
        policies = Path(var) / "gateway.toml"
        policies.write_text(_POLICIES)
        environment = {
            **os.environ, **bench.around.environment(), "MONOLITH_URL": monolith.url, "FACADE_POLICIES": str(policies),
            "FACADE_LAME_DUCK": "0", "FACADE_SETTLE": "0", "FACADE_RESTART_SETTLE": "0", "BANYAN_VAR": var,
        }  # fmt: skip
        command = [sys.executable, "-m", "facade", "serve", "--port", str(port), "--workers", str(WORKERS)]
        with subprocess.Popen(command, env=environment) as process:
            try:
                await _ready(port)
                yield port
            finally:
                process.terminate()
                await asyncio.to_thread(process.wait, 30)


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
