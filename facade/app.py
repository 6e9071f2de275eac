"""The composition root: one worker's facade, built from the settings and wired on the running loop.

Three paths are the facade's own: /healthz, /readyz and /metrics, exactly; everything else belongs to the upstreams.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import orjson

from facade.book import RouteBook
from facade.entrance.client import Client
from facade.exchange import Desk
from facade.feed import CHANNEL, FeedReader
from facade.gateway import Gateway
from facade.headers import Inbound
from facade.http1.request_line import RequestLine
from facade.metrics import Metrics
from facade.positions import Positions
from facade.settings import Settings
from facade.shadow import Shadow
from facade.upstreams import Upstreams
from facade.valkey import Valkey
from migrations_tools.plans import PLANS

log = logging.getLogger(__name__)


class Facade:
    """One worker's facade: its parts, from start-up to shutdown. `ready` once the routes were asked for: whatever came of it,
    misdirected requests find their way by 421.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []
        self._own = {"/healthz": self._health, "/readyz": self._ready, "/metrics": self._metrics}
        self.draining = False

    async def handle(self, client: Client, line: RequestLine, inbound: Inbound) -> None:
        """Answer one request."""
        if (own := self._own.get(line.path)) is not None:
            own(client)
        else:
            await self._gateway.handle(client, line, inbound)

    def refused(self, status: int) -> None:
        """Count what was no request at all."""
        self.metrics.observe("-", "facade", status, 0.0)

    def start(self) -> None:
        """Build everything, on the running loop, and start what runs beside the requests."""
        settings = self._settings
        book, self.metrics = RouteBook(list(PLANS.values())), Metrics()
        upstreams = Upstreams(settings, {"users": settings.users_url})
        valkey = Valkey(settings.valkey_url) if settings.valkey_url else None
        positions = Positions(settings, valkey)
        desk = Desk(settings, book, upstreams, positions, self.metrics)
        shadow = Shadow(desk, valkey)
        self._desk, self._feed = desk, FeedReader(settings, book, upstreams.monolith, valkey)
        book.on_change.append(lambda: upstreams.keep_only(book.table.routes))
        self._feed.load()
        self._gauge(self.metrics, desk, positions)
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

    def _health(self, client: Client) -> None:
        _own_answer(client, 200, b"text/plain", b"ok\n")

    def _ready(self, client: Client) -> None:
        book = self._desk.book
        ready = not self.draining and (self._feed.asked.is_set() or book.source != "plans")
        state = {"ready": ready, "routes": book.source, "version": book.feed.version}
        _own_answer(client, 200 if ready else 503, b"application/json", orjson.dumps(state))

    def _metrics(self, client: Client) -> None:
        _own_answer(client, 200, b"text/plain; version=0.0.4", self.metrics.text())


def _own_answer(client: Client, status: int, kind: bytes, body: bytes) -> None:
    client.answer(status, b"content-type: %b\r\ncache-control: no-store\r\n" % kind, body)


def _tell_death(task: asyncio.Task[None]) -> None:
    """A task beside the requests that ends by an error is a bug that would otherwise be silent."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task of the facade died", exc_info=error)
