"""One request's way to an answer: attempts at the side that is to answer, and what follows when one fails.

What may follow is decided in `decide.next_step`; here it is carried out, within a deadline. It refuses to show a
client a 421 (it means that nothing was executed, so another side is asked), and never sends a request again that may
have been executed, unless that is harmless.
"""

import asyncio
import random
import time
from dataclasses import replace
from time import monotonic

from facade import decide, forwarded, verdicts
from facade.admission.priority import Priority
from facade.decide import Decision, Facts, Freshness, Outcome, Step
from facade.desk import Desk
from facade.entrance.wire import ClientGone
from facade.failures import BadAnswer, NoSocket, TimedOut, Unreachable, UpstreamError
from facade.pool import Pool
from facade.replay import Body, Pump
from facade.request import Request
from facade.resilience import backoff, deadline
from facade.resilience.declared import Timeouts
from facade.resilience.guard import Guard, Refused
from facade.routes import Route
from facade.upstream import Connection


class Exchange:
    """The attempts for one request. After `run`, `connection` holds the head of the answer, from `decision.side`; `ends` is when
    (loop time) the whole of it must be there.
    """

    __slots__ = (
        "_closed", "_error", "_failed", "_fell_back", "_guard", "_misdirected", "_pauses", "_pool", "_priority", "_pump",
        "_reused", "_sent", "_until", "_wait", "_whole", "_worked",
        "body", "connection", "decision", "desk", "ends", "request", "route",
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
        self._pool: Pool | None = None
        self._pump: Pump | None = None
        self._guard: Guard | None = None
        self._error: UpstreamError | Refused | None = None
        self._pauses: dict[Step, int] | None = None
        self.ends = self._until = 0.0
        self._wait: float | None = 0.0
        self._sent = self._reused = self._fell_back = self._closed = False
        self._failed = self._worked = 0
        self._misdirected = ""

    @property
    def context(self) -> str:
        """The context, as metrics name it."""
        return self.route.context if self.route is not None else "-"

    @property
    def patience(self) -> float:
        """How long the upstream may be silent in the middle of its answer."""
        return self.desk.guards.timeouts(self.context).read

    async def run(self) -> Connection:
        """The connection on which the answer has begun. Raises `Problem` or `ClientGone`."""
        self._until = min(self.request.deadline, monotonic() + self.desk.settings.retry_deadline)
        self.desk.guards.of(self.decision.side, self.context).budget.earn()
        while not self.request.abandoned:
            outcome = await self._attempt()
            if self.request.span is not None:
                self.request.span.attempted(outcome, self.connection)
            if outcome is not Outcome.ANSWERED:
                step = await self._after(outcome)
                if step is not Step.ANSWER:
                    self.finish()
                    if step is Step.GIVE_UP:
                        raise verdicts.refusal(outcome, self._error, self._misdirected, worked=self._worked > 0)
                    await self._follow(step)
                    continue
            assert self.connection is not None
            return self.connection
        raise ClientGone

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
                ticket = await self.request.admitted(ticket)
        except Refused as refused:
            self._error = refused
            self.desk.metrics.event(self.context, "guarded")
            return Outcome.REFUSED
        self._guard, begun = guard, monotonic()
        ok = tells = False
        try:
            timeouts = guard.declared.timeouts
            connection = self._at_hand()
            if connection is None:
                assert self._pool is not None
                left = deadline.left(self.request.deadline, begun)
                self.connection = connection = await self._pool.connect(min(timeouts.connect, left))
            if self.request.abandoned:
                raise ClientGone
            await self._exchanged(connection, timeouts, guard.ends_after, begun)
            status = connection.status
            ok, tells = status not in verdicts.GATEWAY_FAILURES, True
        except ClientGone:
            self.finish()
            raise
        except UpstreamError as error:
            tells = not (isinstance(error, NoSocket) or self._is_impatience(error))
            self._error = error
            return self._failure(error)
        finally:
            # Two names and no `bool | None`: compiled, this block has the type that `ok` has where nothing was raised.
            self._tell(guard, ticket, begun, ok=ok, tells=tells)
        if status < 421:
            return Outcome.ANSWERED
        if status == 421:
            return self._misdirection(connection)
        if status < 500:
            return Outcome.ANSWERED
        return Outcome.SERVER_ERROR if ok else Outcome.UNAVAILABLE

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

    async def _exchanged(self, connection: Connection, timeouts: Timeouts, ends_after: float, begun: float) -> None:
        """Send the request once and wait for the head of the answer. Raises `UpstreamError` or `ClientGone`."""
        request, body = self.request, self.body
        now = begun if self._reused else monotonic()
        self.ends = until = now + ends_after
        if not body.streams and request.deadline < until:
            until = request.deadline  # until the head, and for an answer that is not passed on before all of it is there
        timeout = min(timeouts.read, request.deadline - now)
        if self.decision.replica:
            timeout = min(timeout, timeouts.replica)
        time_left = deadline.line(request.deadline, now)
        pool = self._pool
        assert pool is not None
        head = forwarded.head(self.desk, request, body, self.decision, route=self.route, netloc=pool.netloc, time_left=time_left)
        if request.span is not None:
            head = request.span.stamped(head)
        self._sent = True
        connection.begin(head, head_only=request.method == "HEAD", upgrade=request.websocket, until=until)
        if body.streams:
            self._pump = Pump(body, connection, timeout)
            await self._pump.head()
            connection.until = min(until, max(request.deadline, monotonic() + timeout))  # an upload may have taken longer
        await connection.head(timeout)

    def _tell(self, guard: Guard, ticket: int, begun: float, *, ok: bool, tells: bool) -> None:
        """Let guard and balancer know how the attempt went; `tells`: whether that says anything about the upstream."""
        now = monotonic()
        if not tells:
            guard.record(ticket, now, now - begun, ok=None, whole=self._whole)
            return
        guard.record(ticket, now, now - begun, ok=ok, whole=self._whole)
        if self._pool is not None:
            self.desk.upstreams.record(self._pool, ok)

    def _is_impatience(self, error: UpstreamError) -> bool:
        """Whether it was given up because its client had no time: if that counted, any client could open a breaker."""
        if not (self.request.hurried and isinstance(error, (TimedOut, Unreachable))):
            return False
        return self.request.deadline <= monotonic() + backoff.LEAST_LEFT  # a loop's timers may be a little early

    def _failure(self, error: UpstreamError) -> Outcome:
        outcome = verdicts.outcome(error)
        if self._reused and isinstance(error, BadAnswer):
            outcome = Outcome.CLOSED  # what an upstream said too much before is no answer to this: the connection was spent
        self._closed = self._closed or outcome is Outcome.CLOSED
        return outcome

    async def _after(self, outcome: Outcome) -> Step:
        """What follows an attempt that has not brought the answer."""
        decision, route = self.decision, self.route
        self._failed += 1
        self._worked += outcome in decide.WORKED and not decision.replica
        self._wait = self._asked_to_wait(outcome)
        facts = Facts(
            replica=decision.replica,
            repeatable=self.body.repeatable or not self._sent,
            harmless=self._harmless(),
            fallback=await self._may_fall_back(outcome),
            in_time=self._wait is not None and monotonic() + self._wait < self._until,
            another=self._pool is not None and self.desk.upstreams.another(decision.side, route, self._pool),
            failed=self._failed,
            worked=self._worked,
            returns=decision.replica and self._fell_back,
        )
        step = decide.next_step(outcome, facts)
        if decide.adds_load(step, outcome, facts):
            budget = self.desk.guards.of(decide.authority(route).side, self.context).budget
            if not budget.spend():
                self.desk.metrics.event(self.context, "no_budget")
                step = decide.next_step(outcome, replace(facts, affordable=False))
        return step

    def _harmless(self) -> bool:
        return self.request.method in decide.IDEMPOTENT or self.request.once

    def _misdirection(self, connection: Connection) -> Outcome:
        """Take in what a 421 teaches; one that is not of Banyan's protocol is an answer like any other."""
        taught = verdicts.lesson(connection.headers.marks)
        if taught is None:
            return Outcome.ANSWERED
        self._misdirected, lesson = taught
        self.desk.book.learn(self._misdirected, lesson)
        self.desk.metrics.event(self.context, "misdirected")
        return Outcome.MISDIRECTED

    async def _may_fall_back(self, outcome: Outcome) -> bool:
        """Whether the other side may answer in place of an authority that failed: a mirrored read that misses nothing."""
        route, request = self.route, self.request
        if route is None or not (route.fallback and request.mirror) or self._fell_back:
            return False
        if request.method not in route.read_methods:
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

    def _asked_to_wait(self, outcome: Outcome) -> float | None:
        """How long the guard, or the upstream, puts another attempt off; None for one that was waited for already."""
        if outcome is Outcome.REFUSED:
            return self._error.again if isinstance(self._error, Refused) else 0.0
        if outcome is Outcome.UNAVAILABLE and self.connection is not None:
            return verdicts.retry_after(self.connection.headers.get(b"retry-after"), time.time())
        return 0.0

    async def _pause(self, step: Step) -> None:
        if self._pauses is None:
            self._pauses = {}
        count = self._pauses[step] = self._pauses.get(step, 0) + 1
        if step is Step.REPEAT:
            numbers = self.desk.guards.of(self.decision.side, self.context).declared.backoff
            pause = backoff.pause(numbers, count - 1, self._until - monotonic(), random.random()) or 0.0  # noqa: S311 no secret
            await asyncio.sleep(pause + (self._wait or 0.0))
        elif count > 1:  # the first redirect is no wait: the other side is expected to answer
            await asyncio.sleep(backoff.redirected(count - 2))
