"""A request as the facade sees it: its line and its header block; what only some requests need is found when it is asked for."""

from facade import headers, subject
from facade.entrance.client import Client
from facade.headers import Inbound
from facade.http1.request_line import RequestLine
from facade.routes import Route


class Request:
    """`path` is decoded and decides the route; `target` is what the client sent and goes on unchanged."""

    __slots__ = (
        "_anonymous",
        "_known",
        "_who",
        "client",
        "host",
        "inbound",
        "method",
        "new_anonymous",
        "path",
        "request_id",
        "target",
        "trace",
    )

    def __init__(self, client: Client, line: RequestLine, inbound: Inbound) -> None:
        self.client = client
        self.method = line.method
        self.path = line.path
        self.target = line.target
        self.host = line.host or inbound.host
        self.inbound = inbound
        self.request_id, self.trace = headers.identify(inbound)
        self.new_anonymous = False
        self._anonymous: str | None = None
        self._who: str | None = None
        self._known = False

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
