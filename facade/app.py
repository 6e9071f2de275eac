"""The composition root: `create_app()` builds the ASGI application from the environment, and wires it at start.

Run it with `granian --interface asgi --factory facade.app:create_app`. Three paths are the facade's own: /healthz,
/readyz and /metrics, exactly; everything else belongs to the upstreams. It refuses websockets with a problem.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import orjson

from facade import answering, problems
from facade.answering import Send
from facade.book import RouteBook
from facade.exchange import Desk
from facade.feed import CHANNEL, FeedReader
from facade.gateway import Gateway
from facade.metrics import Metrics
from facade.positions import Positions
from facade.replay import Receive
from facade.settings import Settings, from_environment
from facade.shadow import Shadow
from facade.upstreams import Upstreams
from facade.valkey import Valkey
from migrations_tools.plans import PLANS

log = logging.getLogger(__name__)

Asgi = Callable[[Any, Receive, Send], Awaitable[None]]


def create_app(settings: Settings | None = None) -> Asgi:
    """The ASGI application. Raises `InvalidSettings` when the environment does not describe a facade."""
    return Facade(settings or from_environment())


class Facade:
    """One worker's facade: its parts, from start-up to shutdown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._gateway: Gateway | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._own = {"/healthz": self._health, "/readyz": self._ready, "/metrics": self._metrics}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            if (own := self._own.get(scope["path"])) is not None:
                await own(send)
            elif self._gateway is not None:
                await self._gateway.handle(scope, receive, send)
            else:
                await answering.refuse(problems.busy(), send, [])
        elif kind == "websocket":
            await _refuse_websocket(scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    def start(self) -> None:
        """Build everything, on the running loop, and start what runs beside the requests."""
        settings = self._settings
        book, metrics = RouteBook(list(PLANS.values())), Metrics()
        upstreams = Upstreams(settings, {"users": settings.users_url})
        valkey = Valkey(settings.valkey_url) if settings.valkey_url else None
        positions = Positions(settings, valkey)
        desk = Desk(settings, book, upstreams, positions, metrics)
        shadow = Shadow(desk, valkey)
        self._desk, self._feed = desk, FeedReader(settings, book, upstreams.monolith, valkey)
        book.on_change.append(lambda: upstreams.keep_only(book.table.routes))
        self._feed.load()
        self._gauge(metrics, desk, positions)
        self._spawn(self._feed.poll())
        if valkey is not None:
            self._spawn(valkey.run())
            self._spawn(self._feed.acknowledge())
            self._spawn(Valkey(settings.valkey_url, channel=CHANNEL, on_message=self._feed.pushed).run())
        self._spawn(shadow.tell())
        for _ in range(settings.shadow_workers):
            self._spawn(shadow.work())
        self._gateway = Gateway(desk, shadow)

    async def stop(self) -> None:
        """End what runs beside the requests and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._desk.upstreams.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_tell_death)
        self._tasks.append(task)

    def _gauge(self, metrics: Metrics, desk: Desk, positions: Positions) -> None:
        metrics.gauges += [
            ("banyan_facade_routes_version", "Version of the routes in force.", lambda: desk.book.feed.version),
            ("banyan_facade_lessons", "Contexts that a 421 showed to be ahead of the feed.", lambda: desk.book.lessons),
            ("banyan_facade_positions_trusted", "Whether reads may go to replicas.", lambda: positions.trusted),
            ("banyan_facade_upstream_connections", "Open connections.", desk.upstreams.open_connections),
            ("banyan_facade_requests_in_flight", "Exchanges under way.", desk.upstreams.requests_in_flight),
        ]

    async def _health(self, send: Send) -> None:
        await _own_answer(send, 200, b"text/plain", b"ok\n")

    async def _ready(self, send: Send) -> None:
        """Ready once the routes were asked for: whatever came of it, misdirected requests find their way by 421."""
        ready = self._gateway is not None and (self._feed.asked.is_set() or self._desk.book.source != "plans")
        book = self._desk.book if self._gateway is not None else None
        state = {
            "ready": ready,
            "routes": book.source if book else None,
            "version": book.feed.version if book else None,
        }
        await _own_answer(send, 200 if ready else 503, b"application/json", orjson.dumps(state))

    async def _metrics(self, send: Send) -> None:
        text = self._desk.metrics.text() if self._gateway is not None else b""
        await _own_answer(send, 200, b"text/plain; version=0.0.4", text)


async def _own_answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _refuse_websocket(scope: Any, receive: Receive, send: Send) -> None:
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    problem = problems.no_websocket()
    body = problem.body()
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": problem.headers(body)})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


def _tell_death(task: asyncio.Task[None]) -> None:
    """A task beside the requests that ends by an error is a bug that would otherwise be silent."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task of the facade died", exc_info=error)
