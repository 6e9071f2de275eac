"""The stage of a route whose upstream honours `Idempotency-Key`: such a request may be sent again, whatever became of it.

It refuses to believe that of paths for which it was not declared: a key that its upstream ignores makes two orders of one.
"""

from collections.abc import Awaitable
from typing import Literal

from facade.request import Request

Honoured = Literal[False, True, "below"]
"""`true`: at exactly the route's path; `"below"`: at every path below it as well."""


class Once:
    """Marks requests with a key as carried out once, however often they are sent."""

    name = "idempotency-key"

    def __init__(self, path: str, *, below: bool) -> None:
        self._path = path
        self._below = below

    def before(self, request: Request) -> Awaitable[None] | None:
        """Mark the request."""
        request.once = bool(request.inbound.idempotency_key) and self._honours(request.path)
        return None

    def explain(self, request: Request) -> str:
        """Whether this request may be sent again."""
        if not self._honours(request.path):
            return f"a key would not be honoured here, only at {self._path}"
        if not request.inbound.idempotency_key:
            return "no key: only methods that are idempotent by themselves may be sent again"
        return "may be sent again: the upstream answers a repeated key with its first answer"

    def _honours(self, path: str) -> bool:
        return self._below or path.rstrip("/") == self._path.rstrip("/")
