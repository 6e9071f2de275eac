"""What happens to one request, in order: match, decide, exchange, answer, and afterwards the shadow.

Everything on this path is paid by every request; what only some need (a subject, a position, a copy) is fetched when
it is needed. It refuses /internal to the outside, whatever way it is spelled.
"""

import posixpath
from collections.abc import Iterable
from math import inf
from time import monotonic
from typing import Final

from facade import answering, cohort, decide, forwarded, problems, subject, tunnel, verdicts
from facade.access import AccessLog
from facade.decide import Decision, Freshness
from facade.desk import Desk
from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.exchange import Exchange
from facade.failures import UpstreamError
from facade.headers import Inbound, Outbound
from facade.http1.grammar import Pair
from facade.http1.request_line import RequestLine
from facade.pipeline.book import PolicyBook
from facade.pipeline.policy import Policy
from facade.positions import parse_header
from facade.problems import Problem
from facade.replay import NONE, Body, Kept, open_body
from facade.reply import Reply
from facade.request import Request
from facade.resilience import deadline
from facade.responses import kept
from facade.routes import Route
from facade.shadow import Sample, Shadow
from facade.tracing.tracer import Tracer
from facade.upstream import Connection

_NOT_PASSED_ON: Final = frozenset({"CONNECT", "TRACE"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_SWITCHED: Final = 101


class Gateway:
    """Answers HTTP requests; `desk` is what all of them share, `policies` what is demanded of them. Without a `tracer` nothing is
    traced, without a `log` nothing written down.
    """

    def __init__(self, desk: Desk, policies: PolicyBook, shadow: Shadow, tracer: Tracer | None, log: AccessLog | None) -> None:
        self.desk = desk
        self._policies = policies
        self._shadow = shadow
        self._tracer = tracer
        self._log = log
        self._settings = desk.settings
        self._spool = desk.settings.var_dir / "facade" / "spool"

    async def handle(self, client: Client, line: RequestLine, inbound: Inbound) -> None:  # noqa: PLR0912 one place for the order
        """Answer one request. What cannot be answered any more (a client that left, an answer that broke off) just
        ends, which makes the connection end too.
        """
        started = monotonic()
        request = Request(client, line, inbound, trust=self._settings.trust_forwarded)
        route = self.desk.book.table.match(request.path)
        policy = self._policies.table.match(request.method, request.path)
        context = route.context if route is not None else "-"
        side, status = "facade", 0
        place = 0
        tracer = self._tracer
        if tracer is not None and (inbound.trace or request.trace[36:52] < tracer.below):
            tracer.begin(request, route)
        try:
            allowed = self.desk.guards.deadline(context)
            request.deadline = deadline.until(allowed, inbound.timeout, started)
            request.hurried = request.deadline < started + allowed.total
            refuse_what_never_passes(request)
            for stage in policy.stages:
                waiting = stage.before(request)
                if waiting is not None:
                    await waiting
                if request.reply is not None:
                    status = self._answer(request, policy, place, request.reply, context)
                    break
                place += 1
            else:
                side, status = await self._ask(request, route, policy)
        except Problem as problem:
            status = self._answer(request, policy, place, problem.reply(), context)
        except (ClientGone, UpstreamError):
            if not client.gone:
                self.desk.metrics.event(context, "cut_short")
        finally:
            sent = status
            if client.gone and status != _SWITCHED:  # whoever answered, nobody was there to take it
                sent = 0
                self.desk.metrics.event(context, "client_gone")
            for ender in policy.enders:
                ender.ended(request)
            if request.span is not None:
                request.span.end(side, sent)
        if status:
            self.desk.metrics.observe(context, side, status, monotonic() - started)
        if self._log is not None:
            self._log.note(request, context, side, sent, monotonic() - started)

    def _answer(self, request: Request, policy: Policy, place: int, reply: Reply, context: str) -> int:
        """Send an answer of this entrance, unless that is a failure in place of the upstream's answer and a stage has something
        better. Its status.
        """
        if place >= policy.inner and reply.status >= 500:
            try:
                if status := self._rescued(request, policy, reply.status, context):
                    return status
            except Problem as unchangeable:  # what would stand in must not be seen as it is
                reply = unchangeable.reply()
        return self._reply(request, policy, place, reply)

    def _rescued(self, request: Request, policy: Policy, failed: int, context: str) -> int:
        """Send what a stage has in place of an answer with the status `failed`. The status that was sent, 0 when none has any."""
        for place, rescuer in policy.rescuers:
            if (rescued := rescuer.rescue(request, failed)) is not None:
                self.desk.metrics.event(context, rescuer.event)
                return self._reply(request, policy, place, rescued)
        return 0

    def _reply(self, request: Request, policy: Policy, place: int, reply: Reply) -> int:
        """Send an answer of this entrance; the stages before `place` look at it. Its status."""
        if request.method not in _SAFE:
            self._written(request, reply.status, reply.fields)
        for where, finisher in policy.finishers:
            if where < place:
                finisher.after(request, reply)
        answering.whole(request.client, reply, self._lines(request, reply.lines()))
        return reply.status

    async def _ask(self, request: Request, route: Route | None, policy: Policy) -> tuple[str, int]:
        """Have the request answered by an upstream. The side that did, and the status."""
        body: Body = NONE
        if request.inbound.length is not None or request.inbound.chunked:
            body = await self._body(request, route)
        decision = decide.authority(route)
        if route is not None and route.read_below and request.method in route.read_methods:
            decision = await self._canary(request, route)
        exchange = Exchange(self.desk, request, route, body, decision, priority=policy.priority)
        try:
            connection = await exchange.run()
            if connection.headers.marks:
                await self._account(request, connection.headers)
            request.replica = exchange.decision.replica
            if request.method not in _SAFE:
                self._written(request, connection.status, connection.headers.passed)
            status = answered = connection.status
            if status >= 500 and policy.rescuers and (rescued := self._rescued(request, policy, status, exchange.context)):
                return "facade", rescued
            if connection.complete and status != _SWITCHED:
                status, copy = self._pass_whole(exchange, policy, connection)
            else:
                status, copy = await self._pass_on(exchange, policy, connection)
        finally:
            exchange.finish()
        if copy and exchange.route is not None and exchange.route.shadow_percent:
            self._leave_sample(request, exchange, answered, copy)
        return exchange.decision.side, status

    async def _body(self, request: Request, route: Route | None) -> Body:
        if request.content is not None:
            return Kept(request.content, framed=True)
        settings = self._settings
        return await open_body(
            request.inbound,
            request,
            keep=settings.keep_body,
            spool_limit=settings.spool_limit if route is not None and route.movable else None,
            folder=self._spool,
        )

    def _pass_whole(self, exchange: Exchange, policy: Policy, connection: Connection) -> tuple[int, bytes | None]:
        """Send an upstream's answer of which everything is there, as the stages leave it. The status that was sent, and the body
        as the upstream sent it, if anybody wants it.
        """
        request, route, outbound = exchange.request, exchange.route, connection.headers
        unwanted = not (policy.finishers or request.client.no_body or (route is not None and route.shadow_percent))
        if unwanted and outbound.length and connection.buffered == outbound.length:
            lines = self._lines(request, outbound.lines)
            request.client.answer_parts(connection.status, lines, connection.parts(), outbound.length)
            return connection.status, None
        copy = connection.take()
        reply, lines = self._finished(request, policy, connection, copy)
        answering.whole(request.client, reply, lines)
        return reply.status, copy

    async def _pass_on(self, exchange: Exchange, policy: Policy, connection: Connection) -> tuple[int, bytes | None]:
        """Send an upstream's answer that is still coming. The status that was sent, and the body as the upstream sent it, where
        that is small.
        """
        request, outbound = exchange.request, connection.headers
        if connection.status == _SWITCHED:
            connection.until = inf
            lines, patience = self._lines(request, outbound.lines), self._settings.tunnel_timeout
            await tunnel.join(request.client, connection, lines, patience, exchange.patience)
            return _SWITCHED, None
        if policy.whole and answering.ends_soon(outbound, policy.whole):
            try:
                await connection.gather(policy.whole, exchange.patience)
            except UpstreamError as error:  # nothing was passed on yet, so the client can be told
                raise verdicts.broken(error) from error
            if connection.complete:
                return self._pass_whole(exchange, policy, connection)
        connection.until = inf if answering.is_stream(outbound) else exchange.ends
        reply, lines = self._finished(request, policy, connection, None)
        return reply.status, await answering.stream(connection, request.client, reply, lines, exchange.patience)

    def _finished(self, request: Request, policy: Policy, connection: Connection, body: bytes | None) -> tuple[Reply, bytes]:
        """The answer as the stages leave it, and its header lines."""
        outbound = connection.headers
        reply = Reply(connection.status, list(outbound.passed), body)
        lines = outbound.lines
        if policy.finishers:
            for _, finisher in policy.finishers:
                finisher.after(request, reply)
            if tuple(reply.fields) != outbound.passed:
                lines = reply.lines()
        return reply, self._lines(request, lines)

    def _lines(self, request: Request, lines: bytes) -> bytes:
        """The header of an answer: its own lines, what stages tell, its id, and the id of a client that had none."""
        if request.new_anonymous:
            secure = self._settings.cookie_secure or request.scheme == b"https"
            request.told.append(subject.set_cookie(request.anonymous, secure=secure))
        return b"%b%bx-request-id: %b\r\n" % (lines, b"".join(request.told) if request.told else b"", request.request_id)

    async def _canary(self, request: Request, route: Route) -> Decision:
        """The first side to ask for a read of which some go to the other side; looks up the position only where this one may."""
        cohort_id = request.cohort_id(route)
        bucket = cohort.bucket(self._settings.cohort_key, route.context, cohort_id)
        if not decide.is_candidate(route, request.method, bucket):
            return decide.authority(route)
        who = request.who
        if request.new_anonymous and request.subject is None:
            freshness = Freshness.CAUGHT_UP  # an id that was made just now has written nothing
        else:
            freshness = await self.desk.positions.freshness(route.context, who)
        if freshness is not Freshness.CAUGHT_UP:
            self.desk.metrics.event(route.context, f"replica_{freshness.name.lower()}")
        return decide.decide(route, request.method, bucket, freshness)

    async def _account(self, request: Request, outbound: Outbound) -> None:
        """Remember whose write was acknowledged, before the answer goes out.

        Any path may carry a position: an order that saves an address writes to users.
        """
        position = outbound.marks.get(b"banyan-position")
        if position is not None:
            named = outbound.marks.get(b"banyan-subject", b"").decode("latin-1")
            who = named or request.who
            for context, where in parse_header(position):
                await self.desk.positions.record(context, who, where)

    def _written(self, request: Request, status: int, fields: Iterable[Pair]) -> None:
        """Let go what is kept of what a write has changed, before its answer goes out. The cache may be that of another route."""
        cache = self._policies.table.cache
        if cache is not None and 200 <= status < 400:
            cache.written(kept.written(request, fields))

    def _leave_sample(self, request: Request, exchange: Exchange, status: int, body: bytes) -> None:
        route = exchange.route
        assert route is not None
        if request.method != "GET" or status == 304 or exchange.decision.replica or not self._shadow.wants(route):
            return
        lines = b""
        if request.host:
            lines = b"host: %b\r\n%b" % (request.host, forwarded.lines(self.desk, request))
        self._shadow.submit(Sample(route, request.path, request.target, lines, request.who, status, body, exchange.decision.side))


def refuse_what_never_passes(request: Request) -> None:
    """Raise the problem for paths, methods and protocols that no upstream ever sees."""
    path = request.path
    if "internal" in path.lower() and _first_segment(path) == "internal":
        raise problems.not_found(path)
    if request.method in _NOT_PASSED_ON:
        raise problems.method_refused(request.method)


def _first_segment(path: str) -> str:
    """In lower case, as the most forgiving upstream might understand it: dots resolved, slashes of both kinds."""
    resolved = posixpath.normpath("/" + path.replace("\\", "/").lstrip("/"))
    return resolved[1:].partition("/")[0].partition(";")[0].lower()
