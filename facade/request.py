"""A request as the facade sees it: read once from the ASGI scope, then only looked at."""

from typing import Any

from facade import subject
from facade.headers import Inbound, read
from facade.routes import Route


class Request:
    """`path` is decoded and decides the route; `target` is what the client sent and goes on unchanged."""

    __slots__ = ("_anonymous", "_known", "_who", "inbound", "line", "method", "new_anonymous", "path", "target")

    def __init__(self, scope: Any, *, trust_forwarded: bool) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        query: bytes = scope["query_string"]
        raw: bytes = scope["raw_path"]
        self.target = b"%b?%b" % (raw, query) if query else raw
        client = scope.get("client")
        self.inbound: Inbound = read(
            scope["headers"],
            client=client[0] if client else "unknown",
            scheme=scope["scheme"],
            trust_forwarded=trust_forwarded,
        )
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
