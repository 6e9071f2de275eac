"""The composition root: one worker's facade, built from the settings and wired on the running loop.

Two paths are the facade's own: /healthz and /readyz, exactly; everything else belongs to the upstreams. /metrics is refused: the
facade's are told at the admin port, and an upstream's are nobody's business out here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any, Final

import orjson

from chassis.registry.record import CHANNEL as INSTANCES
from chassis.tags import CHANNEL as PURGES
from facade import problems
from facade.access import AccessLog
from facade.admin.inside import Answers
from facade.admin.telling import Telling
from facade.admission.lag import Lag
from facade.asked import announcing, jwks, refetching
from facade.book import RouteBook
from facade.callers import Callers
from facade.desk import Desk
from facade.discovery import Discovery, Names
from facade.entrance.client import Client
from facade.feed import CHANNEL, FeedReader
from facade.gateway import Gateway
from facade.gauges import gauges
from facade.headers import Inbound
from facade.health import Prober
from facade.http1 import date
from facade.http1.request_line import RequestLine
from facade.identity.jwks import KeySet
from facade.limits.rule import Terms
from facade.limits.shared import SharedWindows
from facade.metrics import Metrics
from facade.pipeline.book import PolicyBook
from facade.pipeline.compile import Parts, compiled
from facade.positions import Positions
from facade.presence import Presence
from facade.resilience.guard import Guards
from facade.responses.compress import Memory
from facade.responses.owners import Owners
from facade.responses.shared import Cache
from facade.settings import Settings
from facade.shadow import Shadow
from facade.tracing import tracer as tracing
from facade.upstreams import Upstreams
from facade.valkey import Valkey
from migrations_tools.plans import PLANS

_MOST_ANSWERS: Final = 10_000

log = logging.getLogger(__name__)


class Facade:
    """One worker's facade: its parts, from start-up to shutdown. Ready once routes and instances were asked for: whatever came of
    it, misdirected requests find their way by 421.
    """

    def __init__(self, settings: Settings, workers: int = 1) -> None:
        """`workers`: how many this facade has."""
        self._settings = settings
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []
        self._own = {"/healthz": self._health, "/readyz": self._ready, "/metrics": _not_here}
        self._discovery: Discovery | None = None
        self.log = AccessLog(settings.access_log) if settings.access_log else None
        self.draining = False

    def handle(self, client: Client, line: RequestLine, inbound: Inbound) -> Awaitable[None] | None:
        """Answer one request."""
        if (own := self._own.get(line.path)) is not None:
            own(client)
            return None
        return self._gateway.handle(client, line, inbound)

    def refused(self, status: int) -> None:
        """Count what was no request at all."""
        self.metrics.observe("-", "facade", status, 0.0)
        if self.log is not None:
            self.log.refusal(status)

    def start(self) -> None:
        """Build everything, on the running loop, and start what runs beside the requests. Raises `InvalidPolicies`."""
        settings = self._settings
        clock = asyncio.get_running_loop().time
        book, self.metrics = RouteBook(list(PLANS.values())), Metrics()
        valkey = Valkey(settings.valkey_url) if settings.valkey_url else None
        self._policies = policies = PolicyBook(settings.policies, settings.policies_kept)
        declared = policies.declared.resilience
        self._lag = lag = Lag()
        upstreams = Upstreams(settings, {"users": settings.users_url}, declared)
        guards = Guards(declared, clock, lambda: lag.longest)
        positions = Positions(settings, valkey)
        callers = Callers(settings.internal_token)
        self._desk = desk = Desk(settings, book, upstreams, positions, self.metrics, guards, callers)
        self._presence = Presence(book, valkey, settings.poll_interval)
        self._feed = FeedReader(settings, book, lambda: upstreams.monolith, self._presence)
        self._cache = Cache(
            settings.cache_room, _MOST_ANSWERS, refetch=refetching(desk), announce=announcing(valkey) if valkey else None
        )
        keys = KeySet(lambda: jwks(upstreams), settings.var_dir / "facade" / "jwks.json")
        Owners(book, self._cache)
        shared = SharedWindows(valkey, settings.valkey_timeout, clock) if valkey else None
        parts = Parts.of(keys, Terms(shared, clock, self._sharers), self._cache, Memory(settings.cache_room // 4))
        policies.open(lambda read: compiled(read, parts))
        policies.on_change.append(lambda: guards.declare(policies.declared.resilience))
        policies.on_change.append(lambda: upstreams.declare(policies.declared.resilience))
        book.on_change.append(lambda: upstreams.keep_only(book.table.routes))
        book.on_change.append(lambda: parts.take_keys(book.feed.api_keys))
        keys.load()
        self._feed.load()
        upstreams.keep_only(book.table.routes)
        shadow = Shadow(desk, valkey)
        self.metrics.gauges += gauges(desk, policies, self._cache, self._sharers)
        self._tracer = tracing.started(settings, book, clock)
        if self._tracer is not None:
            self.metrics.gauges += self._tracer.gauges()
        self._gateway = Gateway(desk, policies, shadow, self._tracer, self.log)
        if self.log is not None:
            self.metrics.gauges += self.log.gauges()
            self.log.start()
        names, prober = Names(upstreams), Prober(upstreams)
        for work in (self._feed.poll(), keys.run(), policies.watch(), names.run(), prober.run(), shadow.tell()):
            self._spawn(work)
        for _ in range(settings.shadow_workers):
            self._spawn(shadow.work())
        if valkey is not None:
            self._listen(valkey)

    def _sharers(self) -> int:
        """How many workers divide a limit among them."""
        return self._settings.instances or max(self._presence.living, self._workers)

    def _listen(self, valkey: Valkey) -> None:
        """Keep up the connections to Valkey: one that is asked, and one for each channel."""
        url = self._settings.valkey_url
        self._discovery = discovery = Discovery(valkey, self._desk.upstreams.discovered)
        purges = Valkey(url, channel=PURGES, on_message=self._cache.heard)
        purges.on_connect.append(self._cache.reconnected)
        routes = Valkey(url, channel=CHANNEL, on_message=self._feed.pushed)
        instances = Valkey(url, channel=INSTANCES, on_message=discovery.heard)
        for connection in (valkey, purges, routes, instances):
            self._spawn(connection.run())
        self._spawn(self._presence.run())
        self._spawn(discovery.run())

    def answers(self) -> Answers:
        """What the admin port may ask of this worker."""
        return Telling(self._desk, self._policies, self._state).answers()

    async def stop(self) -> None:
        """Say farewell, end what runs beside the requests and close the connections."""
        await self._feed.leave()
        self._lag.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._cache.close()
        await self._desk.upstreams.close()
        if self._tracer is not None:
            await self._tracer.close()
        if self.log is not None:
            self.log.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_tell_death)
        self._tasks.append(task)

    def _health(self, client: Client) -> None:
        _own_answer(client, 200, b"text/plain", b"ok\n")

    def _ready(self, client: Client) -> None:
        state = self._state()
        _own_answer(client, 200 if state["ready"] else 503, b"application/json", orjson.dumps(state))

    def _state(self) -> dict[str, Any]:
        book = self._desk.book
        routed = self._feed.asked.is_set() or book.source != "plans"
        ready = routed and not self.draining and (self._discovery is None or self._discovery.asked.is_set())
        return {"ready": ready, "routes": book.source, "version": book.feed.version}


def _not_here(client: Client) -> None:
    problem = problems.not_found("/metrics")
    client.answer(problem.status, problem.lines(), problem.body())


def _own_answer(client: Client, status: int, kind: bytes, body: bytes) -> None:
    client.answer(status, b"content-type: %b\r\ncache-control: no-store\r\n%b" % (kind, date.line()), body)


def _tell_death(task: asyncio.Task[None]) -> None:
    """A task beside the requests that ends by an error is a bug that would otherwise be silent."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task of the facade died", exc_info=error)
