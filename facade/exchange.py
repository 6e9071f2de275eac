"""One request's way to an answer: attempts at the side that is to answer, and what follows when one fails.

What may follow is decided in `decide.next_step`; here it is carried out, within a deadline. It refuses to show a
client a 421 (it means that nothing was executed, so another side is asked), and never sends a request again that may
have been executed, unless that is harmless.
"""

import asyncio
import random
from time import monotonic
from typing import Final

from facade import decide, problems, verdicts
from facade.admission.priority import Priority
from facade.decide import Decision, Facts, Freshness, Outcome, Step
from facade.desk import Desk
from facade.entrance.wire import ClientGone
from facade.failures import BadAnswer, TimedOut, Unreachable, UpstreamError
from facade.onward import Onward
from facade.pool import Pool
from facade.problems import Problem
from facade.replay import Body, Pump
from facade.request import Request
from facade.resilience import backoff, deadline
from facade.resilience.declared import Timeouts
from facade.resilience.guard import Guard, Refused
from facade.routes import Lesson, Route
from facade.upstream import Connection
from migrations_tools.phases import Owner

_OWNERS: Final = frozenset(owner.value for owner in Owner)
_UPGRADE: Final = b"connection: upgrade\r\nupgrade: websocket\r\n"
_REPLICA_MARK: Final = b"banyan-read: replica\r\n"


class Exchange:
    """The attempts for one request. After `run`, `connection` holds the head of the answer, from `decision.side`."""

    __slots__ = (
        "_closed", "_error", "_fell_back", "_guard", "_misdirected", "_pauses", "_pool", "_priority", "_pump", "_reused", "_sent",
        "_until", "_upgrade", "_whole", "body", "connection", "decision", "desk", "request", "route",
    )  # fmt: skip

    def __init__(
        self, desk: Desk, request: Request, route: Route | None, body: Body, decision: Decision, *, priority: Priority
    ) -> None:
        self.desk = desk
        self.request = request
        self.route = route
        self.body = body
        self.decision = decision
        self.connection: Connection | None = None
        self._priority = priority
        self._whole = request.body_complete
        self._upgrade = request.inbound.upgrade == b"websocket"
        self._pool: Pool | None = None
        self._pump: Pump | None = None
        self._guard: Guard | None = None
        self._error: UpstreamError | Refused | None = None
        self._pauses: dict[Step, int] | None = None
        self._until = 0.0
        self._sent = self._reused = self._fell_back = False
        self._closed = 0
        self._misdirected = ""

    @property
    def context(self) -> str:
        """The context, as metrics name it."""
        return self.route.context if self.route is not None else "-"

    def lines(self) -> bytes:
        """The header lines that every attempt sends."""
        request, client = self.request, self.request.client
        onward = client.onward
        if onward is None:
            onward = client.onward = Onward(client.address, trust=self.desk.settings.trust_forwarded)
        known = onward.lines(request.inbound, request.passed, request.host, request.scheme)
        return b"%bx-request-id: %b\r\ntraceparent: %b\r\n%b" % (
            known, request.request_id, request.trace, b"".join(request.extra) if request.extra else b"",
        )  # fmt: skip

    @property
    def patience(self) -> float:
        """How long the upstream may be silent in the middle of its answer."""
        return self.desk.guards.timeouts(self.context).read

    async def run(self) -> Connection:
        """The connection on which the answer has begun. Raises `Problem` or `ClientGone`."""
        self._until = min(self.request.deadline, monotonic() + self.desk.settings.retry_deadline)
        self.desk.guards.of(self.decision.side, self.context).budget.earn()
        while True:
            outcome = await self._attempt()
            if self.request.span is not None:
                self.request.span.attempted(outcome, self.connection)
            if outcome is not Outcome.ANSWERED:
                step = await self._after(outcome)
                if step is not Step.ANSWER:
                    self.finish()
                    if step is Step.GIVE_UP:
                        raise self._refusal(outcome)
                    await self._follow(step)
                    continue
            assert self.connection is not None
            return self.connection

    def finish(self) -> None:
        """Give the connection back; it is closed unless its answer was read to the end."""
        if self._pump is not None:
            self._pump.stop()
            self._pump = None
        if self.connection is not None and self._pool is not None:
            self.connection.take()
            self._pool.release(self.connection)
            self.connection = None
        if self._guard is not None:
            self._guard.leave()
            self._guard = None

    async def _attempt(self) -> Outcome:
        guard = self.desk.guards.of(self.decision.side, self.context)
        try:
            ticket = guard.admit(self._priority, self._until, whole=self._whole)
            if not isinstance(ticket, int):
                ticket = await ticket
        except Refused as refused:
            self._error = refused
            self.desk.metrics.event(self.context, "guarded")
            return Outcome.REFUSED
        self._guard, begun = guard, monotonic()
        ok: bool | None = None
        try:
            timeouts = guard.declared.timeouts
            connection = self._at_hand()
            if connection is None:
                assert self._pool is not None
                self.connection = connection = await self._pool.connect(timeouts.connect)
            await self._exchanged(connection, timeouts, begun)
            ok = connection.status not in verdicts.GATEWAY_FAILURES
        except ClientGone:
            self.finish()
            raise
        except UpstreamError as error:
            ok = None if self._is_impatience(error) else False
            self._error = error
            return self._failure(error)
        finally:
            self._tell(guard, ticket, ok, begun)
        if connection.status == 421:
            return self._misdirection(connection)
        return Outcome.SERVER_ERROR if connection.status >= 500 else Outcome.ANSWERED

    def _at_hand(self) -> Connection | None:
        """An open connection to the instance that is to be asked: not the one that has just failed, where there is another. None
        when one is to be made. Raises `Unreachable` when no instance is known.
        """
        self._pool = pool = self.desk.upstreams.pick(self.decision.side, self.route, self._pool)
        if pool is None:
            raise Unreachable("no address of the service is known")
        if self.request.span is not None:
            self.request.span.attempt(pool.url, self.request.target, self.decision)
        if self.body.repeatable and not self._closed:
            self.connection = pool.idle(certain=not self._harmless())
        self._reused = self.connection is not None
        return self.connection

    async def _exchanged(self, connection: Connection, timeouts: Timeouts, begun: float) -> None:
        """Send the request once and wait for the head of the answer. Raises `UpstreamError` or `ClientGone`."""
        request, body = self.request, self.body
        now = begun if self._reused else monotonic()
        timeout = min(timeouts.read, request.deadline - now)
        if self.decision.replica:
            timeout = min(timeout, timeouts.replica)
        head = self._head(deadline.line(request.deadline, now))
        if request.span is not None:
            head = request.span.stamped(head)
        self._sent = True
        connection.begin(head, head_only=request.method == "HEAD", upgrade=self._upgrade)
        if body.streams:
            self._pump = Pump(body, connection, timeout)
            await self._pump.head()
        await connection.head(timeout)

    def _head(self, time_left: bytes) -> bytes:
        request, pool = self.request, self._pool
        assert pool is not None
        return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b%b%b%b%b" % (
            request.method.encode(), request.target, request.host or pool.netloc, self.lines(), time_left,
            self.desk.callers.to(self.decision.side, self.route),
            _REPLICA_MARK if self.decision.replica else b"", _UPGRADE if self._upgrade else b"", self.body.head(),
        )  # fmt: skip

    def _tell(self, guard: Guard, ticket: int, ok: bool | None, begun: float) -> None:
        """Let guard and balancer know how the attempt went; `ok` is None when it says nothing about the upstream."""
        now = monotonic()
        guard.record(ticket, now, now - begun, ok=ok, whole=self._whole)
        if ok is not None and self._pool is not None:
            self.desk.upstreams.record(self._pool, ok)

    def _is_impatience(self, error: UpstreamError) -> bool:
        """Whether it was given up because its client had no time: if that counted, any client could open a breaker."""
        return isinstance(error, TimedOut) and self.request.hurried and self.request.deadline <= monotonic()

    def _failure(self, error: UpstreamError) -> Outcome:
        outcome = verdicts.outcome(error)
        if self._reused and isinstance(error, BadAnswer):
            outcome = Outcome.CLOSED  # what an upstream said too much before is no answer to this: the connection was spent
        self._closed += outcome is Outcome.CLOSED
        return outcome

    async def _after(self, outcome: Outcome) -> Step:
        """What follows an attempt that has not brought the answer."""
        facts = Facts(
            replica=self.decision.replica,
            repeatable=self.body.repeatable or not self._sent,
            harmless=self._harmless(),
            fallback=await self._may_fall_back(outcome),
            in_time=self._in_time(outcome),
            closed=self._closed,
        )
        step = decide.next_step(outcome, facts)
        if step is Step.REPEAT and outcome is Outcome.CLOSED and self._guard is not None and not self._guard.budget.spend():
            self.desk.metrics.event(self.context, "no_budget")
            return Step.GIVE_UP
        return step

    def _harmless(self) -> bool:
        request = self.request
        return request.method in decide.IDEMPOTENT or verdicts.keeps_once(request.path, request.inbound.idempotency_key)

    def _misdirection(self, connection: Connection) -> Outcome:
        """Take in what a 421 teaches; one that is not of Banyan's protocol is an answer like any other."""
        marks = connection.headers.marks
        context = marks.get(b"banyan-context", b"").decode("latin-1")
        owner, epoch = marks.get(b"banyan-owner", b"").decode("latin-1"), marks.get(b"banyan-epoch", b"")
        if not context or owner not in _OWNERS or not epoch.isdigit():
            return Outcome.ANSWERED
        self._misdirected = context
        self.desk.book.learn(context, Lesson(int(epoch), Owner(owner)))
        self.desk.metrics.event(self.context, "misdirected")
        return Outcome.MISDIRECTED

    async def _may_fall_back(self, outcome: Outcome) -> bool:
        """Whether the other side may answer in place of an authority that failed: a mirrored read that misses nothing."""
        route, request = self.route, self.request
        if route is None or not route.fallback or self._fell_back or request.method not in route.read_methods:
            return False
        if outcome is Outcome.MISDIRECTED:
            return False
        return await self.desk.positions.freshness(route.context, request.who) is Freshness.CAUGHT_UP

    async def _follow(self, step: Step) -> None:
        route = self.route
        if step is Step.FALL_BACK:
            assert route is not None
            self._fell_back = True
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
        elif self._misdirected == route.context:
            self.decision = Decision(decide.OTHER[self.decision.side])

    def _in_time(self, outcome: Outcome) -> bool:
        """Whether there is time for another attempt; after a refusal, until the guard may let it through."""
        wait: float | None = 0.0
        if outcome is Outcome.REFUSED:
            wait = self._error.again if isinstance(self._error, Refused) else 0.0
        return wait is not None and monotonic() + wait < self._until

    async def _pause(self, step: Step) -> None:
        if self._pauses is None:
            self._pauses = {}
        count = self._pauses[step] = self._pauses.get(step, 0) + 1
        if step is Step.REPEAT:
            numbers = self.desk.guards.of(self.decision.side, self.context).declared.backoff
            pause = backoff.pause(numbers, count - 1, self._until - monotonic(), random.random()) or 0.0  # noqa: S311 no secret
            if isinstance(self._error, Refused):
                pause += self._error.again or 0.0
            await asyncio.sleep(pause)
        elif count > 1:  # the first redirect is no wait: the other side is expected to answer
            await asyncio.sleep(backoff.redirected(count - 2))

    def _refusal(self, outcome: Outcome) -> Problem:
        detail = str(self._error)
        if outcome is Outcome.MISDIRECTED:
            return problems.between_owners(self._misdirected)
        if isinstance(self._error, Refused):
            return self._error.problem
        if outcome is Outcome.UNREACHABLE and not self._closed:
            return problems.unreachable(detail)
        return problems.timed_out(detail) if outcome is Outcome.TIMED_OUT else problems.no_answer(detail)
