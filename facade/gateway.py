"""What happens to one request, in order: match, decide, exchange, answer, and afterwards the shadow.

Everything on this path is paid by every request; what only some need (a subject, a position, a copy) is fetched when
it is needed. It refuses /internal to the outside, whatever way it is spelled.
"""

import posixpath
from time import perf_counter

from facade import answering, cohort, decide, problems, subject, tunnel
from facade.decide import Decision, Freshness
from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.exchange import Desk, Exchange
from facade.headers import Inbound, Outbound
from facade.http1.request_line import RequestLine
from facade.positions import parse_header
from facade.problems import Problem
from facade.replay import open_body
from facade.request import Request
from facade.routes import Route
from facade.shadow import Sample, Shadow
from facade.upstream import UpstreamError

_NOT_PASSED_ON = frozenset({"CONNECT", "TRACE"})


class Gateway:
    """Answers HTTP requests; `desk` is what all of them share."""

    def __init__(self, desk: Desk, shadow: Shadow) -> None:
        self.desk = desk
        self._shadow = shadow
        self._settings = desk.settings
        self._spool = desk.settings.var_dir / "facade" / "spool"

    async def handle(self, client: Client, line: RequestLine, inbound: Inbound) -> None:
        """Answer one request. What cannot be answered any more (a client that left, an answer that broke off) just
        ends, which makes the connection end too.
        """
        started = perf_counter()
        request = Request(client, line, inbound)
        route = self.desk.book.table.match(request.path)
        context = route.context if route is not None else "-"
        side, status = "facade", 0
        try:
            side, status = await self._answer(request, route)
        except Problem as problem:
            status = problem.status
            answering.refuse(problem, client, b"x-request-id: %b\r\n" % request.request_id)
        except ClientGone:
            self.desk.metrics.event(context, "client_gone")
        except UpstreamError:
            self.desk.metrics.event(context, "cut_short")
        if status:
            self.desk.metrics.observe(context, side, status, perf_counter() - started)

    async def _answer(self, request: Request, route: Route | None) -> tuple[str, int]:
        refuse_what_never_passes(request)
        settings = self._settings
        movable = route is not None and route.movable
        body = await open_body(
            request.inbound,
            request.client,
            keep=settings.keep_body,
            spool_limit=settings.spool_limit if movable else None,
            folder=self._spool,
        )
        decision = decide.MONOLITH if route is None else await self._decide(request, route)
        exchange = Exchange(self.desk, request, route, body, decision, upgrade=request.inbound.upgrade == b"websocket")
        try:
            connection = await exchange.run()
            lines = await self._account(request, connection.headers)
            status, copy = connection.status, None
            if status == 101:
                await tunnel.join(request.client, connection, lines, settings.tunnel_timeout)
            else:
                copy = await answering.give(connection, lines, request.client, settings.read_timeout)
        finally:
            exchange.finish()
        if copy and exchange.route is not None and exchange.route.shadow_percent:
            self._leave_sample(request, exchange, status, copy)
        return exchange.decision.side.value, status

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

    async def _account(self, request: Request, outbound: Outbound) -> bytes:
        """Remember whose write was acknowledged, before the answer goes out; the header lines of the answer, among them the id of
        a client that had none.

        Any path may carry a position: an order that saves an address writes to users.
        """
        position = outbound.marks.get(b"banyan-position")
        if position is not None:
            named = outbound.marks.get(b"banyan-subject", b"").decode("latin-1")
            who = named or request.who
            for context, where in parse_header(position):
                await self.desk.positions.record(context, who, where)
        lines = b"%bx-request-id: %b\r\n" % (outbound.lines, request.request_id)
        if request.new_anonymous:
            lines += subject.set_cookie(request.anonymous, secure=self._settings.cookie_secure)
        return lines

    def _leave_sample(self, request: Request, exchange: Exchange, status: int, body: bytes) -> None:
        route = exchange.route
        assert route is not None
        if request.method != "GET" or exchange.decision.replica or not self._shadow.wants(route):
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
