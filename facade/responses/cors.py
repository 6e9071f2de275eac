"""Which pages of other origins may call a route (the fetch standard, section 3.2); preflights are answered here.

It refuses `*` together with credentials when it is declared, since a page of any origin could then act as the user. Whatever an
upstream says of origins is taken out, so that one place decides. `null` is no origin that can be allowed: anybody can have it.
"""

import re
from collections.abc import Awaitable
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from facade.http1 import date
from facade.responses.contract import Reply, Request

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN = re.compile(rf"(https?)://(\*\.)?((?:{_LABEL}\.)*{_LABEL})(:[1-9][0-9]{{0,4}})?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LABELS = re.compile(rb"[a-z0-9-]+(\.[a-z0-9-]+)*")
_ANY = "*"


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text)
    if text != _ANY and (match is None or (match[2] and "." not in match[3])):
        raise ValueError(f"{text!r} is neither an origin (https://shop.example.org), nor https://*.example.org, nor *")
    return text


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text) or text == _ANY:
        raise ValueError(f"{text!r} is no name of a method or a header field")
    return text


Token = Annotated[str, AfterValidator(_token)]


class Cors(BaseModel):
    """A route's `cors`. `origins`: exact, `https://*.example.org` (any depth, without example.org itself), or `*`.
    `headers`: what a page may send beyond the safelisted; `expose`: what it may read beyond them. `max_age` in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(min_length=1)
    methods: tuple[Token, ...] = ("GET", "HEAD", "POST")
    headers: tuple[Token, ...] = ()
    expose: tuple[Token, ...] = ()
    credentials: bool = False
    max_age: int = Field(default=600, ge=0, le=86_400)

    @model_validator(mode="after")
    def _not_everybody_with_credentials(self) -> Self:
        if self.credentials and _ANY in self.origins:
            raise ValueError("with credentials, `*` would let any page act as the user: name the origins")
        return self


class CorsStage:
    """A route's answers to pages of other origins; all lines but the origin itself are made once."""

    name = "cors"

    def __init__(self, declared: Cors) -> None:
        self._any = _ANY in declared.origins
        self._methods = frozenset(declared.methods)
        self._headers = frozenset(name.lower().encode() for name in declared.headers)
        self._exact = frozenset(origin.encode() for origin in declared.origins if "*" not in origin)
        self._below = tuple(_below(origin) for origin in declared.origins if "*." in origin)
        credentials = b"access-control-allow-credentials: true\r\n" if declared.credentials else b""
        expose = b"access-control-expose-headers: %b\r\n" % ", ".join(declared.expose).encode() if declared.expose else b""
        self._actual = credentials + expose
        self._preflight = credentials + _lines(
            ("access-control-allow-methods", ", ".join(declared.methods)),
            ("access-control-allow-headers", ", ".join(declared.headers)),
            ("access-control-max-age", str(declared.max_age)),
        )
        self._vary = b"" if self._any else b"vary: Origin\r\n"
        self._vary_preflight = b"vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n"

    def before(self, request: Request) -> Awaitable[None] | None:
        """Answer a preflight; let everything else go on, with the lines that its origin may see: a browser enforces them."""
        origin = b""
        wanted = None
        for name, value in request.inbound.fields:
            if name == b"origin":
                origin = value
            elif name == b"access-control-request-method":
                wanted = value
        if origin and wanted is not None and request.method == "OPTIONS":
            request.reply = Reply(204, date.dated([]), b"")
            request.told.append(self._vary_preflight + self._allowed(request, origin, wanted.decode("latin-1")))
        elif origin and (lines := self._allow(origin)):
            request.told.append(self._vary + lines + self._actual)
        elif self._vary:
            request.told.append(self._vary)
        return None

    def after(self, request: Request, reply: Reply) -> None:  # noqa: ARG002 what was decided before is told
        """Take out what the upstream says of origins: two of these fields make a browser refuse both."""
        for name, _ in reply.fields:
            if name.startswith(b"access-control-"):
                reply.fields = [pair for pair in reply.fields if not pair[0].startswith(b"access-control-")]
                return

    def explain(self, request: Request) -> str:
        """Whether this origin may, and why not."""
        origin = request.inbound.get(b"origin")
        if not origin:
            return "no Origin: nothing to decide"
        if not self._allow(origin):
            return f"{origin.decode('latin-1')} is not among the origins; the browser will keep the answer from the page"
        wanted = request.inbound.get(b"access-control-request-method")
        if wanted and request.method == "OPTIONS":
            allowed = self._allowed(request, origin, wanted.decode("latin-1"))
            return "preflight allowed" if allowed else "preflight refused: the method or a header is not declared"
        return f"{origin.decode('latin-1')} may read the answer"

    def _allow(self, origin: bytes) -> bytes:
        """The line that lets this origin read the answer; b"" for one that may not."""
        if self._any:
            return b"access-control-allow-origin: *\r\n"
        if origin in self._exact or (self._below and self._is_below(origin)):
            return b"access-control-allow-origin: %b\r\n" % origin
        return b""

    def _is_below(self, origin: bytes) -> bool:
        return any(
            origin.startswith(start) and origin.endswith(end) and _LABELS.fullmatch(origin[len(start) : -len(end)])
            for start, end in self._below
        )

    def _allowed(self, request: Request, origin: bytes, method: str) -> bytes:
        """The lines of a preflight's answer; b"" where anything that it asks for is not declared."""
        allow = self._allow(origin)
        asked = request.inbound.get(b"access-control-request-headers")
        if not allow or method not in self._methods:
            return b""
        if not self._headers.issuperset(name.strip().lower() for name in asked.split(b",") if name.strip()):
            return b""
        return allow + self._preflight


def _below(origin: str) -> tuple[bytes, bytes]:
    """`https://*.example.org` as what an origin begins and ends with."""
    start, _, end = origin.partition("*")
    return start.encode(), end.encode()


def _lines(*pairs: tuple[str, str]) -> bytes:
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in pairs if value)
