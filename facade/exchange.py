"""One request's way to an answer: attempts at the side that is to answer, and what follows when one fails.

What may follow is decided in `decide.next_step`; here it is carried out, within a deadline. It refuses to show a
client a 421 (it means that nothing was executed, so another side is asked), and never sends a request again that may
have been executed, unless that is harmless.
"""

import asyncio
import random
from dataclasses import dataclass, field
from time import monotonic

from facade import decide, headers, problems
from facade.admission.priority import Priority
from facade.book import RouteBook
from facade.callers import Callers
from facade.decide import Decision, Facts, Freshness, Outcome, Step
from facade.entrance.wire import ClientGone
from facade.metrics import Metrics
from facade.pool import Pool
from facade.positions import Positions
from facade.problems import Problem
from facade.replay import Body, Pump
from facade.request import Request
from facade.resilience import backoff, deadline
from facade.resilience.guard import Guard, Guards, Refused
from facade.routes import Lesson, Route
from facade.settings import Settings
from facade.upstream import BadAnswer, ClosedEarly, Connection, CutShort, TimedOut, Unreachable, UpstreamError
from facade.upstreams import Upstreams
from migrations_tools.phases import Owner

HONOURS_IDEMPOTENCY_KEY = ("/api/v1/orders",)
"""Paths whose upstream answers a repeated `Idempotency-Key` with its first answer."""

_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.4
_GROWTH = 1.6
GATEWAY_FAILURES = frozenset({502, 503, 504})
"""Answers that say that the upstream, and not the request, is in trouble."""

_OWNERS = frozenset(owner.value for owner in Owner)
_UPGRADE = b"connection: upgrade\r\nupgrade: websocket\r\n"
_REPLICA_MARK = b"banyan-read: replica\r\n"
_OUTCOMES: tuple[tuple[type[UpstreamError], Outcome], ...] = (
    (Unreachable, Outcome.UNREACHABLE),
    (ClosedEarly, Outcome.CLOSED),
    (TimedOut, Outcome.TIMED_OUT),
    (BadAnswer, Outcome.BROKEN),
    (CutShort, Outcome.BROKEN),
)


@dataclass(slots=True)
class Desk:
    """What every exchange of this process shares."""

    settings: Settings
    book: RouteBook
    upstreams: Upstreams
    positions: Positions
    metrics: Metrics
    guards: Guards
    callers: Callers


@dataclass(slots=True)
class Exchange:
    """The attempts for one request. After `run`, `connection` holds the head of the answer, from `decision.side`."""

    desk: Desk
    request: Request
    route: Route | None
    body: Body
    decision: Decision
    pool: Pool | None = None
    connection: Connection | None = None
    pump: Pump | None = None
    error: UpstreamError | Refused | None = None
    guard: Guard | None = None
    until: float = 0.0
    sent: bool = False
    reused: bool = False
    closed: int = 0
    misdirected: str = ""
    fell_back: bool = False
    pauses: dict[Step, int] = field(default_factory=dict)
    lines: bytes = b""
    upgrade: bool = False
    priority: Priority = Priority.NORMAL

    def __post_init__(self) -> None:
        """`lines`: the header lines that every attempt sends."""
        request, client = self.request, self.request.client
        lines = headers.onward(
            request.inbound, request.passed, request.host, request.request_id, request.trace,
            client=client.address, scheme=client.scheme, trust=self.desk.settings.trust_forwarded,
        )  # fmt: skip
        self.lines = b"".join((lines, *request.extra)) if request.extra else lines

    @property
    def context(self) -> str:
        """The context, as metrics name it."""
        return self.route.context if self.route is not None else "-"

    async def run(self) -> Connection:
        """The connection on which the answer has begun. Raises `Problem` or `ClientGone`."""
        self.until = min(self.request.deadline, monotonic() + self.desk.settings.retry_deadline)
        self.desk.guards.of(self.decision.side, self.context).budget.earn()
        while True:
            outcome = await self._attempt()
            if outcome is Outcome.ANSWERED:
                assert self.connection is not None
                return self.connection
            fallback = await self._may_fall_back(outcome)
            facts = Facts(
                replica=self.decision.replica,
                repeatable=self.body.repeatable or not self.sent,
                harmless=self._harmless(),
                fallback=fallback,
                in_time=self._in_time(outcome),
                closed=self.closed,
            )
            step = decide.next_step(outcome, facts)
            if step is Step.REPEAT and outcome is Outcome.CLOSED and self.guard is not None and not self.guard.budget.spend():
                self.desk.metrics.event(self.context, "no_budget")
                step = Step.GIVE_UP
            if step is Step.ANSWER:
                assert self.connection is not None
                return self.connection
            self.finish()
            if step is Step.GIVE_UP:
                raise self._refusal(outcome)
            await self._follow(step)

    def finish(self) -> None:
        """Give the connection back; it is closed unless its answer was read to the end."""
        if self.pump is not None:
            self.pump.stop()
            self.pump = None
        if self.connection is not None and self.pool is not None:
            self.connection.take()
            self.pool.release(self.connection)
            self.connection = None
        if self.guard is not None:
            self.guard.leave()
            self.guard = None

    async def _attempt(self) -> Outcome:
        guard = self.desk.guards.of(self.decision.side, self.context)
        whole = self.request.body_complete
        try:
            ticket = guard.admit(self.priority, self.until, whole=whole)
            if not isinstance(ticket, int):
                ticket = await ticket
        except Refused as refused:
            self.error = refused
            self.desk.metrics.event(self.context, "guarded")
            return Outcome.REFUSED
        self.guard, begun, ok = guard, monotonic(), None
        try:
            connection = await self._send()
            ok = connection.status not in GATEWAY_FAILURES
        except ClientGone:
            self.finish()
            raise
        except UpstreamError as error:
            ok = False
            self.error = error
            outcome = next(outcome for kind, outcome in _OUTCOMES if isinstance(error, kind))
            if self.reused and isinstance(error, BadAnswer):
                outcome = Outcome.CLOSED  # what an upstream said too much before is no answer to this: the connection was spent
            self.closed += outcome is Outcome.CLOSED
            return outcome
        finally:
            now = monotonic()
            guard.record(ticket, now, now - begun, ok=ok, whole=whole)
            if ok is not None and self.pool is not None:
                self.desk.upstreams.record(self.pool, ok)
        if connection.status == 421:
            return self._misdirected(connection)
        return Outcome.SERVER_ERROR if connection.status >= 500 else Outcome.ANSWERED

    async def _send(self) -> Connection:
        """Send the request once and wait for the head of the answer. Raises `UpstreamError` or `ClientGone`."""
        desk, request, body = self.desk, self.request, self.body
        # Not the instance that has just failed, where there is another.
        self.pool = pool = desk.upstreams.pick(self.decision.side, self.route, self.pool)
        if pool is None:
            raise Unreachable("no address of the service is known")
        connection = None
        if body.repeatable and not self.closed:
            connection = pool.idle(certain=not self._harmless())
        self.reused = connection is not None
        self.connection = connection = connection or await pool.connect()
        now = monotonic()
        timeout = min(desk.settings.read_timeout, request.deadline - now)
        if self.decision.replica:
            timeout = min(timeout, desk.settings.replica_timeout)
        line = deadline.line(request.deadline, now)
        self.sent = True
        connection.begin(self._head(pool, line), head_only=request.method == "HEAD", upgrade=self.upgrade)
        if body.streams:
            self.pump = Pump(body, connection, timeout)
            await self.pump.head()
        await connection.head(timeout)
        return connection

    def _head(self, pool: Pool, line: bytes) -> bytes:
        request = self.request
        audience = self.context if self.decision.side is Owner.SERVICE else Owner.MONOLITH.value
        return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b%b%b%b%b" % (
            request.method.encode(), request.target, request.host or pool.netloc, self.lines, line,
            self.desk.callers.line(audience),
            _REPLICA_MARK if self.decision.replica else b"", _UPGRADE if self.upgrade else b"", self.body.head(),
        )  # fmt: skip

    def _harmless(self) -> bool:
        request = self.request
        if request.method in decide.IDEMPOTENT:
            return True
        return bool(request.inbound.idempotency_key) and request.path.rstrip("/") in HONOURS_IDEMPOTENCY_KEY

    def _misdirected(self, connection: Connection) -> Outcome:
        """Take in what a 421 teaches; one that is not of Banyan's protocol is an answer like any other."""
        marks = connection.headers.marks
        context = marks.get(b"banyan-context", b"").decode("latin-1")
        owner, epoch = marks.get(b"banyan-owner", b"").decode("latin-1"), marks.get(b"banyan-epoch", b"")
        if not context or owner not in _OWNERS or not epoch.isdigit():
            return Outcome.ANSWERED
        self.misdirected = context
        self.desk.book.learn(context, Lesson(int(epoch), Owner(owner)))
        self.desk.metrics.event(self.context, "misdirected")
        return Outcome.MISDIRECTED

    async def _may_fall_back(self, outcome: Outcome) -> bool:
        """Whether the other side may answer in place of an authority that failed: a mirrored read that misses nothing."""
        route, request = self.route, self.request
        if route is None or not route.fallback or self.fell_back or request.method not in route.read_methods:
            return False
        if outcome is Outcome.MISDIRECTED:
            return False
        return await self.desk.positions.freshness(route.context, request.who) is Freshness.CAUGHT_UP

    async def _follow(self, step: Step) -> None:
        route = self.route
        if step is Step.FALL_BACK:
            assert route is not None
            self.fell_back = True
            self.desk.metrics.event(route.context, "fallback")
            self.decision = decide.authority(route) if self.decision.replica else decide.replica(route)
            return
        await self._pause(step)
        if step is Step.REPEAT:
            self.desk.metrics.event(self.context, "repeated")
        if route is None:
            return
        # The table may have changed meanwhile: the side that was asked may be down because it is no longer the owner.
        self.route = route = self.desk.book.table.match(self.request.path) or route
        if step is Step.REPEAT:
            self.decision = decide.authority(route)
        elif self.misdirected == route.context:
            self.decision = Decision(decide.OTHER[self.decision.side])

    def _in_time(self, outcome: Outcome) -> bool:
        """Whether there is time for another attempt; after a refusal, until the guard may let it through."""
        wait: float | None = 0.0
        if outcome is Outcome.REFUSED:
            wait = self.error.again if isinstance(self.error, Refused) else 0.0
        return wait is not None and monotonic() + wait < self.until

    async def _pause(self, step: Step) -> None:
        count = self.pauses[step] = self.pauses.get(step, 0) + 1
        if step is Step.REPEAT:
            numbers = self.desk.guards.of(self.decision.side, self.context).declared.backoff
            pause = backoff.pause(numbers, count - 1, self.until - monotonic(), random.random()) or 0.0  # noqa: S311 no secret
            if isinstance(self.error, Refused):
                pause += self.error.again or 0.0
            await asyncio.sleep(pause)
        elif count > 1:  # the first redirect is no wait: the other side is expected to answer
            await asyncio.sleep(min(_FIRST_PAUSE * _GROWTH ** (count - 2), _LONGEST_PAUSE))

    def _refusal(self, outcome: Outcome) -> Problem:
        detail = str(self.error)
        if outcome is Outcome.MISDIRECTED:
            return problems.between_owners(self.misdirected)
        if isinstance(self.error, Refused):
            return self.error.problem
        if outcome is Outcome.UNREACHABLE and not self.closed:
            return problems.unreachable(detail)
        return problems.timed_out(detail) if outcome is Outcome.TIMED_OUT else problems.no_answer(detail)
