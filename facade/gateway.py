"""What happens to one request, in order: match, decide, exchange, answer, and afterwards the shadow.

Everything on this path is paid by every request; what only some need (a subject, a position, a copy) is fetched when
it is needed. It refuses /internal to the outside, whatever way it is spelled.
"""

import posixpath
from time import monotonic, perf_counter

from facade import answering, cohort, decide, problems, subject, tunnel
from facade.access import AccessLog
from facade.decide import Decision, Freshness
from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.exchange import GATEWAY_FAILURES, Desk, Exchange
from facade.headers import Inbound, Outbound
from facade.http1.request_line import RequestLine
from facade.pipeline.book import PolicyBook
from facade.pipeline.stage import Policy
from facade.positions import parse_header
from facade.problems import Problem
from facade.replay import open_body
from facade.reply import Reply
from facade.request import Request
from facade.resilience import deadline
from facade.routes import Route
from facade.shadow import Sample, Shadow
from facade.upstream import Connection, UpstreamError

_NOT_PASSED_ON = frozenset({"CONNECT", "TRACE"})


class Gateway:
    """Answers HTTP requests; `desk` is what all of them share, `policies` what is demanded of them."""

    def __init__(self, desk: Desk, policies: PolicyBook, shadow: Shadow) -> None:
        self.desk = desk
        self._policies = policies
        self._shadow = shadow
        self._settings = desk.settings
        self._spool = desk.settings.var_dir / "facade" / "spool"
        self.log: AccessLog | None = None

    async def handle(self, client: Client, line: RequestLine, inbound: Inbound) -> None:
        """Answer one request. What cannot be answered any more (a client that left, an answer that broke off) just
        ends, which makes the connection end too.
        """
        started = perf_counter()
        request = Request(client, line, inbound)
        if inbound.forwarded_for and self._settings.trust_forwarded:
            request.address = inbound.forwarded_for.rpartition(b",")[2].strip()
        route = self.desk.book.table.match(request.path)
        policy = self._policies.table.match(request.method, request.path)
        context = route.context if route is not None else "-"
        side, status = "facade", 0
        place = 0
        try:
            request.deadline = deadline.until(self.desk.guards.deadline(context), inbound.timeout, monotonic())
            refuse_what_never_passes(request)
            for place, stage in enumerate(policy.stages):
                waiting = stage.before(request)
                if waiting is not None:
                    await waiting
                if request.reply is not None:
                    status = self._reply(request, policy, place, request.reply)
                    break
            else:
                place = len(policy.stages)
                side, status = await self._ask(request, route, policy)
        except Problem as problem:
            status = self._refuse(request, policy, place, problem)
        except ClientGone:
            self.desk.metrics.event(context, "client_gone")
        except UpstreamError:
            self.desk.metrics.event(context, "cut_short")
        finally:
            for ender in policy.enders:
                ender.ended(request)
        if status:
            self.desk.metrics.observe(context, side, status, perf_counter() - started)
        if self.log is not None:
            self.log.note(request, context, side, status, perf_counter() - started)

    def _refuse(self, request: Request, policy: Policy, place: int, problem: Problem) -> int:
        """Answer a problem, unless a stage has something better."""
        if place == len(policy.stages):
            for rescuer in policy.rescuers:
                if (rescued := rescuer.rescue(request, problem)) is not None:
                    return self._reply(request, policy, place, rescued)
        return self._reply(request, policy, place, problem.reply())

    def _reply(self, request: Request, policy: Policy, place: int, reply: Reply) -> int:
        """Send an answer of this entrance; the stages before `place` look at it. Its status."""
        for where, finisher in policy.finishers:
            if where < place:
                finisher.after(request, reply)
        answering.whole(request.client, reply, self._lines(request, reply.lines()))
        return reply.status

    async def _ask(self, request: Request, route: Route | None, policy: Policy) -> tuple[str, int]:
        """Have the request answered by an upstream. The side that did, and the status."""
        settings = self._settings
        movable = route is not None and route.movable
        body = await open_body(
            request.inbound,
            request,
            keep=settings.keep_body,
            spool_limit=settings.spool_limit if movable else None,
            folder=self._spool,
        )
        decision = decide.MONOLITH if route is None else await self._decide(request, route)
        exchange = Exchange(self.desk, request, route, body, decision, upgrade=request.inbound.upgrade == b"websocket")
        try:
            connection = await self._admitted(exchange, policy)
            await self._account(request, connection.headers)
            status, copy = await self._pass_on(request, policy, connection)
        finally:
            exchange.finish()
        if copy and exchange.route is not None and exchange.route.shadow_percent:
            self._leave_sample(request, exchange, status, copy)
        return exchange.decision.side.value, status

    async def _admitted(self, exchange: Exchange, policy: Policy) -> Connection:
        """Have the exchange begin when there is room for it, and learn from how long its answer took how much room there is.
        Raises as `Exchange.run` does, and the 503 `Problem` when there is none.
        """
        request, admission = exchange.request, self.desk.admission
        if not request.body_complete:  # a long upload takes its client's time; the bulkhead bounds how many there are
            return await exchange.run()
        waiting = admission.acquire(policy.priority, request.deadline)
        if waiting is not None:
            await waiting
        began, latency, ok = monotonic(), None, True
        try:
            connection = await exchange.run()
            latency, ok = monotonic() - began, connection.status not in GATEWAY_FAILURES
        except (Problem, UpstreamError):
            latency, ok = monotonic() - began, False
            raise
        finally:
            admission.release(latency, ok=ok)
        return connection

    async def _pass_on(self, request: Request, policy: Policy, connection: Connection) -> tuple[int, bytes | None]:
        """Send the upstream's answer, as the stages leave it. Its status, and its body where that is small."""
        client, outbound, status = request.client, connection.headers, connection.status
        if status == 101:
            await tunnel.join(client, connection, self._lines(request, outbound.lines), self._settings.tunnel_timeout)
            return status, None
        if policy.whole and not connection.complete:
            await connection.gather(policy.whole, self._settings.read_timeout)
        copy = connection.take() if connection.complete else None
        reply = Reply(status, list(outbound.passed), copy)
        for _, finisher in policy.finishers:
            finisher.after(request, reply)
        untouched = tuple(reply.fields) == outbound.passed
        lines = self._lines(request, outbound.lines if untouched else reply.lines())
        if reply.body is None:
            copy = await answering.stream(connection, client, reply, lines, self._settings.read_timeout)
        else:
            answering.whole(client, reply, lines)
        return status, copy

    def _lines(self, request: Request, lines: bytes) -> bytes:
        """The header of an answer: its own lines, what stages tell, its id, and the id of a client that had none."""
        if request.new_anonymous:
            request.told.append(subject.set_cookie(request.anonymous, secure=self._settings.cookie_secure))
        return b"%b%bx-request-id: %b\r\n" % (lines, b"".join(request.told), request.request_id)

    async def _decide(self, request: Request, route: Route) -> Decision:
        """The first side to ask; looks up cohort and position only for reads that may go to the other side."""
        if not route.read_below or request.method not in route.read_methods:
            return decide.authority(route)
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

    def _leave_sample(self, request: Request, exchange: Exchange, status: int, body: bytes) -> None:
        route = exchange.route
        assert route is not None
        if request.method != "GET" or status == 304 or exchange.decision.replica or not self._shadow.wants(route):
            return
        lines = b"host: %b\r\n%b" % (request.host, exchange.lines) if request.host else b""
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
