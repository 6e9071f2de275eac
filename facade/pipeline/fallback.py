"""What answers a read when its upstream does not: the side that mirrors the context, what the cache has kept, a declared answer.

They are tried in this order, the newest first, and a declaration that names them in another one is refused, not read as if it
had named this one. It refuses to answer a write: a client must be told whether it may have been carried out, and no answer that
was written beforehand knows that.
"""

import mimetypes
from collections.abc import Awaitable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from facade.http1 import date
from facade.http1.grammar import Pair
from facade.reply import Reply
from facade.request import Request
from facade.responses.transform import Name, Value

_READS: Final = frozenset({"GET", "HEAD"})
FAILED: Final = frozenset({500, 502, 503, 504})
"""As for stale answers (RFC 5861, 4)."""
_NEEDS_MORE: Final = frozenset({206, 304})
"""Statuses that answer only what a request has asked for besides."""
_SAYS_SO: Final[Pair] = (b"cache-status", b"banyan; fwd=bypass; detail=static-fallback")


class Source(StrEnum):
    """Who answers instead."""

    MONOLITH = "monolith"
    CACHE = "cache"


class Static(BaseModel):
    """A declared answer: `body` as text, or a `file` of text, which is read with the policies, or neither."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int = Field(default=200, ge=200, le=599)
    headers: dict[Name, Value] = {}
    body: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _is_an_answer(self) -> Self:
        if self.body is not None and self.file is not None:
            raise ValueError("has a body and a file: which of them is the answer?")
        if self.status in _NEEDS_MORE or (self.status == 204 and (self.body or self.file is not None)):
            raise ValueError(f"the status {self.status} cannot stand with this body in answer to every request")
        return self

    def content(self, texts: Mapping[Path, str]) -> bytes:
        """What is sent. `texts`: of files by their paths."""
        return (texts[self.file] if self.file is not None else self.body or "").encode()

    def fields(self, content: bytes) -> tuple[Pair, ...]:
        """Its header: what it is and that nobody should give it again, unless they are declared; and that it stands in."""
        kind = mimetypes.guess_type(self.file)[0] if self.file is not None else "text/plain; charset=utf-8"
        implied = {"content-type": kind or "application/octet-stream"} if content else {}
        told = {**implied, "cache-control": "no-cache", **self.headers}
        return (*((name.encode(), value.encode()) for name, value in told.items()), _SAYS_SO)


def _listed(value: Any) -> Any:
    """`false` takes back what the defaults say, as an empty list does."""
    if value is False:
        return ()
    if not isinstance(value, list):
        raise ValueError("is no list")
    names = [one for one in value if isinstance(one, str)]
    if names != [source.value for source in Source if source in names] or any(
        isinstance(one, str) for one in value[len(names) :]
    ):
        raise ValueError('is not "monolith", "cache" and a static answer, in this order, each once at most')
    if len(value) > len(names) + 1:
        raise ValueError("has more than one static answer: the first is always there")
    return tuple(value)


Fallback = Annotated[tuple[Source | Static, ...] | None, BeforeValidator(_listed)]
"""None: the monolith while it mirrors the context, and the cache of a route that has one, by its terms."""


class FallbackStage:
    """What a route declares. Whether the mirror is asked it says to the exchange, and whether stale answers are given is told to
    the cache when it is built; the static answer is its own.
    """

    name = "fallback"
    event = "fallback_static"

    def __init__(self, declared: tuple[Source | Static, ...], texts: Mapping[Path, str]) -> None:
        self._declared = declared
        self._mirror = Source.MONOLITH in declared
        self._static = next((one for one in declared if isinstance(one, Static)), None)
        self._content = self._static.content(texts) if self._static is not None else b""
        self._fields = self._static.fields(self._content) if self._static is not None else ()

    def before(self, request: Request) -> Awaitable[None] | None:
        """Say whether the mirror may be asked."""
        request.mirror = self._mirror
        return None

    def rescue(self, request: Request, status: int) -> Reply | None:
        """The static answer, to a read that failed."""
        static = self._static
        if static is None or status not in FAILED or request.method not in _READS:
            return None
        return Reply(static.status, date.dated([*self._fields]), self._content)

    def explain(self, request: Request) -> str:
        """What is tried for this request when the upstream does not answer it."""
        if request.method not in _READS:
            return f"nothing: {request.method} may have been carried out, so its client is told what happened"
        return "where the upstream has no answer: " + (", then ".join(map(self._words, self._declared)) or "nothing")

    def _words(self, one: Source | Static) -> str:
        if isinstance(one, Static):
            return f"the static answer {one.status} of {len(self._content)} bytes"
        return "the monolith while it mirrors the context" if one is Source.MONOLITH else "what the cache has kept, by its terms"
