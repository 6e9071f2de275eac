"""Clients who come at their rates, whatever becomes of those before them; a record of each request and its answer.

What hangs therefore shows: later requests are not held back by it.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Self


@dataclass(frozen=True)
class Kind:
    """Requests of one kind, `rate` a second; `lines` makes the header lines beside the length for the nth of them."""

    name: str
    rate: float
    method: str
    path: str
    lines: Callable[[int], str] = lambda number: ""


@dataclass(frozen=True)
class Asked:
    """One request. `at` is when it was due, by the monotonic clock; `seconds` until its answer was whole; `status` 0 for none."""

    kind: str
    number: int
    at: float
    seconds: float
    status: int
    head: bytes
    body: bytes


@dataclass
class Paced:
    """All kinds at once, each request on a connection of its own, given up after `patience` seconds."""

    port: int
    kinds: Sequence[Kind]
    patience: float = 40.0
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def of(self, kind: str, begin: float = 0.0, end: float = float("inf")) -> list[Asked]:
        """Those of a kind that were due between two times."""
        return [one for one in list(self.asked) if one.kind == kind and begin <= one.at < end]

    def statuses(self, kind: str, begin: float = 0.0, end: float = float("inf")) -> Counter[int]:
        return Counter(one.status for one in self.of(kind, begin, end))

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for kind in self.kinds:
                group.create_task(self._come(group, kind))

    async def _come(self, group: asyncio.TaskGroup, kind: Kind) -> None:
        begun = time.monotonic()
        for number in count():
            due = begun + number / kind.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._over.is_set():
                return
            group.create_task(self._ask(kind, number, due))

    async def _ask(self, kind: Kind, number: int, due: float) -> None:
        said = b""
        try:
            async with asyncio.timeout(self.patience):
                said = await self._said(kind, number)
        except (OSError, TimeoutError):
            pass
        head, _, body = said.partition(b"\r\n\r\n")
        status = int(head[9:12]) if head else 0
        self.asked.append(Asked(kind.name, number, due, time.monotonic() - due, status, head, body))

    async def _said(self, kind: Kind, number: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = f'{{"number": {number}}}' if kind.method not in ("GET", "HEAD") else ""
        framing = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n" if body else ""
        head = f"{kind.method} {kind.path} HTTP/1.1\r\nHost: facade\r\nConnection: close\r\n{framing}{kind.lines(number)}\r\n"
        try:
            writer.write(head.encode() + body.encode())
            return await reader.read()
        finally:
            writer.close()
