"""The paths of the admin port: /metrics, /status, /healthz and /readyz to be read, /explain to be asked.

It refuses everything else. Requests that come while the workers are being asked share their answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from facade import exposition, problems
from facade.admin import asking, status
from facade.admin.ledger import Ledger
from facade.entrance.client import Client
from facade.explain.question import Question
from facade.exposition import Family
from facade.headers import Inbound
from facade.http1 import date
from facade.http1.request_line import RequestLine
from facade.problems import Problem

_LARGEST_QUESTION = 1 << 20
_JSON = b"application/json"


class Page:
    """`doors` are the workers' sockets, in the order of their numbers."""

    def __init__(self, doors: Sequence[Path]) -> None:
        self._doors = doors
        self._ledger = Ledger()
        self._asking: asyncio.Task[tuple[dict[int, Any], list[Family]]] | None = None
        self._read: dict[str, Callable[[Client], Awaitable[None]]] = {
            "/metrics": self._metrics,
            "/status": self._status,
            "/healthz": self._health,
            "/readyz": self._ready,
        }

    async def handle(self, client: Client, line: RequestLine, inbound: Inbound) -> None:  # noqa: ARG002 a handler is given it
        """Answer one request."""
        try:
            if line.path == "/explain" and line.method == "POST":
                await self._explain(client)
            elif line.path not in self._read:
                raise problems.not_found(line.path)
            elif line.method not in ("GET", "HEAD"):
                raise problems.method_refused(line.method, b"GET, HEAD")
            else:
                await self._read[line.path](client)
        except Problem as problem:
            client.answer(problem.status, problem.lines(), problem.body())

    async def _metrics(self, client: Client) -> None:
        looks, families = await self._looks()
        told = [*status.of_itself(len(self._doors), looks), *families]
        _answer(client, 200, b"text/plain; version=0.0.4", exposition.text(told).encode())

    async def _status(self, client: Client) -> None:
        looks, families = await self._looks()
        _answer(client, 200, _JSON, orjson.dumps(status.document(len(self._doors), looks, families)))

    async def _health(self, client: Client) -> None:
        looks, _ = await self._looks()
        _answer(client, 200 if looks else 503, b"text/plain", b"ok\n" if looks else b"no worker answers\n")

    async def _ready(self, client: Client) -> None:
        looks, _ = await self._looks()
        found = status.readiness(len(self._doors), looks)
        _answer(client, 200 if found["ready"] else 503, _JSON, orjson.dumps(found))

    async def _explain(self, client: Client) -> None:
        question = await _question(client)
        asked = asking.ask_one(self._doors, {**asdict(question), "ask": "explain"})
        answered = await asyncio.get_running_loop().create_task(asked)  # it has time limits, for which a task is needed
        if answered is None:
            raise Problem(503, "no-answer", "No answer", "no worker answers")
        worker, steps = answered
        _answer(client, 200, _JSON, orjson.dumps({"worker": worker, "steps": steps}))

    async def _looks(self) -> tuple[dict[int, Any], list[Family]]:
        """What the workers tell of themselves, by their numbers, and what that comes to."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> tuple[dict[int, Any], list[Family]]:
        looks = await asking.ask_all(self._doors, {"ask": "look"})
        told = {worker: (look["birth"], map(Family.of, look["families"])) for worker, look in looks.items()}
        return looks, self._ledger.merged(told)


async def _question(client: Client) -> Question:
    parts: list[bytes] = []
    while part := await client.part():
        parts.append(part)
        if sum(map(len, parts)) > _LARGEST_QUESTION:
            raise problems.body_beyond(_LARGEST_QUESTION)
    try:
        return Question.of(orjson.loads(b"".join(parts)))
    except ValueError as error:
        raise Problem(400, "malformed", "Bad Request", f"a question has method, url, headers and data: {error}") from error


def _answer(client: Client, code: int, kind: bytes, body: bytes) -> None:
    client.answer(code, b"content-type: %b\r\ncache-control: no-store\r\n%b" % (kind, date.line()), body)
