"""A request as the facade sees it: its line and its header block; what only some requests need is found when it is asked for."""

import asyncio
from math import inf

from facade import onward, problems, subject
from facade.entrance.client import Client
from facade.entrance.wire import ClientGone
from facade.headers import Inbound
from facade.http1.request_line import RequestLine
from facade.identity.principal import ANONYMOUS, Principal
from facade.reply import Reply
from facade.resilience.guard import Waiting
from facade.routes import Route
from facade.tracing.spans import RequestSpan


class Request:
    """`address` and `scheme` (b"http" or b"https") are the client's: behind a balancer that is trusted (`trust`), those that it
    tells. `deadline` is when it must be answered; `hurried`: its client has made that earlier than usual. `path` is decoded and
    decides the route; `target` goes to the upstream, as the client sent it unless a stage rewrites it.

    Stages write: `principal`, who asks; `passed`, the client's header lines for the upstream, and `extra`, further ones; `told`,
    header lines for the client; `reply`, an answer without an upstream; `content`, what is sent instead of the body; `most`,
    how many bytes a body may have that does not tell its length; `mirror`, whether a side that mirrors the context may answer in
    place of the authority; `once`, that the upstream carries this request out once, however often it is sent. `awaited`: a client
    waits for its answer. `replica`: its answer is that of a side without authority.

    `span` is there where the request is sampled; `trace` is of it then.
    """

    __slots__ = (
        "_ahead",
        "_anonymous",
        "_known",
        "_who",
        "address",
        "awaited",
        "client",
        "content",
        "deadline",
        "extra",
        "host",
        "hurried",
        "inbound",
        "method",
        "mirror",
        "most",
        "new_anonymous",
        "once",
        "passed",
        "path",
        "principal",
        "replica",
        "reply",
        "request_id",
        "scheme",
        "span",
        "target",
        "told",
        "trace",
        "websocket",
    )  # fmt: skip

    def __init__(self, client: Client, line: RequestLine, inbound: Inbound, *, trust: bool) -> None:
        self.client = client
        self.address = client.address
        self.scheme = client.scheme
        if trust:
            self._believe(inbound)
        self.method = line.method
        self.path = line.path
        self.target = line.target
        self.host = line.host or inbound.host
        self.websocket = line.minor > 0 and inbound.upgrade == b"websocket"
        self.inbound = inbound
        self.request_id, self.trace = onward.identify(inbound)
        self.span: RequestSpan | None = None
        self.principal: Principal = ANONYMOUS
        self.passed = inbound.lines
        self.extra: list[bytes] = []
        self.told: list[bytes] = []
        self.reply: Reply | None = None
        self.content: bytes | None = None
        self.most: int | None = None
        self.deadline = inf
        self.hurried = self.once = self.replica = False
        self.mirror = self.awaited = True
        self.new_anonymous = False
        self._ahead: bytes | None = None
        self._anonymous: str | None = None
        self._who: str | None = None
        self._known = False

    def _believe(self, inbound: Inbound) -> None:
        """Take over what a balancer says of its client."""
        if inbound.forwarded_for:
            self.address = inbound.forwarded_for.rpartition(b",")[2].strip()
        if inbound.forwarded_proto:
            self.scheme = inbound.forwarded_proto

    def again(self, lines: bytes, deadline: float) -> "Request":
        """The same read once more, on this entrance's own account: nobody waits for its answer. `lines`: what is passed on."""
        line = RequestLine("GET", self.target, self.path, 1, self.host)
        copy = Request(self.client, line, self.inbound, trust=False)
        copy.address, copy.scheme = self.address, self.scheme
        copy.request_id, copy.trace = self.request_id, self.trace
        copy.principal, copy.mirror = self.principal, self.mirror
        copy.passed, copy.deadline = lines, deadline
        copy.awaited = False
        return copy

    @property
    def abandoned(self) -> bool:
        """Whether the client that waits for its answer has gone."""
        return self.awaited and self.client.gone

    async def admitted(self, waiting: Waiting) -> int:
        """The ticket that is waited for. Raises `Refused`, and `ClientGone` when the client leaves meanwhile: then nobody is to
        work for it.
        """
        if not self.awaited:
            return await waiting
        self.client.on_gone = waiting.give_up
        try:
            return await waiting
        except asyncio.CancelledError:
            if self.client.gone:
                raise ClientGone from None
            raise
        finally:
            self.client.on_gone = None

    @property
    def subject(self) -> str | None:
        """The subject of the bearer token, unverified; None for an anonymous request."""
        if not self._known:
            self._known = True
            self._who = subject.of_token(self.inbound.authorization) if self.inbound.authorization else None
        return self._who

    @property
    def anonymous(self) -> str:
        """The anonymous id of the client; a new one when it brought none."""
        if self._anonymous is None:
            known = subject.of_cookie(self.inbound.cookie)
            self.new_anonymous = known is None
            self._anonymous = known or subject.new_anonymous()
        return self._anonymous

    @property
    def who(self) -> str:
        """Whose writes are to be seen by this request."""
        return self.subject or self.anonymous

    def cohort_id(self, route: Route) -> str:
        """Who is put into a cohort: by the plan, the subject where there is one, or the browser."""
        return self.anonymous if route.sticky_by_cookie else self.who

    # ---- its body, as `replay.open_body` reads it

    @property
    def body_complete(self) -> bool:
        """Whether all of it was given."""
        return self.content is not None or (self._ahead is None and self.client.body_complete)

    async def part(self) -> bytes:
        """The next bytes; b"" after the last. Raises `ClientGone`, or `Problem` for a framing that is broken."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            if ahead:
                return ahead
        part = await self.client.part()
        if self.most is not None:
            self.most -= len(part)
            if self.most < 0:
                raise problems.body_beyond_declared()
        return part

    async def read(self, limit: int) -> bytes:
        """The whole body, kept for the upstream; also when it was read, or changed, before. Raises `Problem` 413 when it has more
        than `limit` bytes, and `ClientGone`.
        """
        if self.content is not None:
            return self.content
        if self.inbound.length is not None and self.inbound.length > limit:
            raise problems.body_beyond(limit)
        parts: list[bytes] = []
        size = 0
        while part := await self.part():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise problems.body_beyond(limit)
        self._ahead = b"".join(parts)
        return self._ahead
