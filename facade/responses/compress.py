"""Compresses answers for clients that say they understand it (RFC 9110, 12.5.3): whole bodies at once, streams part by part.

It refuses to touch what is encoded already, partial, marked `no-transform`, or not made of text; and, unless the route is
declared `even_with_secrets`, what might hold one: answers that set cookies or must not be stored, and answers to requests with
cookies. Beside a reflected input, the length of a compressed answer tells its secrets bit by bit (BREACH).
"""

import re
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Literal

import brotli  # type: ignore[import-untyped]
from backports import zstd
from pydantic import BaseModel, ConfigDict, Field

from facade.responses import altered
from facade.responses.asking import only_anonymous
from facade.responses.contract import Coder, Reply, Request
from facade.responses.freshness import directives

Coding = Literal["zstd", "br", "gzip"]

_TEXT = re.compile(
    rb"text/(?!event-stream).*|.*\+(json|xml|text)|application/(json|x-ndjson|json-seq|xml|javascript|x-javascript|graphql|yaml|wasm|"
    rb"manifest\+json|vnd\.oai\.openapi)|image/(svg\+xml|bmp|x-icon)|font/(ttf|otf)"
)
_LOOKED_AT = frozenset(
    {b"content-type", b"content-encoding", b"content-length", b"content-range", b"cache-control", b"set-cookie", b"vary"}
)
_LEFT = frozenset({204, 206})
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTD_LEVEL = 5, 4, 3
"""Where each is no slower than it is worth for an answer that is made once: about 50 to 150 MB/s."""


class Compressed(BaseModel):
    """A route's `compress`: `codings` in the order of preference where the client has none; `minimum` in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codings: tuple[Coding, ...] = Field(default=("zstd", "br", "gzip"), min_length=1)
    minimum: int = Field(default=1024, ge=64)
    even_with_secrets: bool = False


class Gzip:
    """RFC 1952, without a time. Every part can be read by the client as soon as it has it; so with the other two."""

    def __init__(self) -> None:
        self._coder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 31)

    def feed(self, part: bytes) -> bytes:
        return self._coder.compress(part) + self._coder.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._coder.flush()


class Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._coder = brotli.Compressor(quality=_BROTLI_QUALITY)

    def feed(self, part: bytes) -> bytes:
        made: bytes = self._coder.process(part) + self._coder.flush()
        return made

    def end(self) -> bytes:
        made: bytes = self._coder.finish()
        return made


class Zstd:
    """RFC 8878; the window is below the 8 MiB that RFC 9659 asks of the web."""

    def __init__(self) -> None:
        self._coder = zstd.ZstdCompressor(_ZSTD_LEVEL)

    def feed(self, part: bytes) -> bytes:
        return self._coder.compress(part, zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._coder.flush()


def _gzip(body: bytes) -> bytes:
    coder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 31)
    return coder.compress(body) + coder.flush()


def _brotli(body: bytes) -> bytes:
    made: bytes = brotli.compress(body, quality=_BROTLI_QUALITY)
    return made


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, _ZSTD_LEVEL)


_AT_ONCE: dict[str, Callable[[bytes], bytes]] = {"gzip": _gzip, "br": _brotli, "zstd": _zstd}
STREAMS: dict[str, Callable[[], Coder]] = {"gzip": Gzip, "br": Brotli, "zstd": Zstd}
_ALIAS = {"x-gzip": "gzip"}


@lru_cache(maxsize=1024)
def negotiate(accepted: bytes, codings: tuple[str, ...]) -> str | None:
    """The coding for a client with this Accept-Encoding: the one with the highest weight, of several the first in `codings`.

    None: as it is; that is also what a client gets that says nothing.
    """
    weights: dict[str, float] = {}
    for item in accepted.decode("latin-1").lower().split(","):
        name, _, parameters = item.partition(";")
        weight = _weight(parameters)
        if name.strip() and weight is not None:
            weights[_ALIAS.get(name.strip(), name.strip())] = weight
    rest = weights.get("*", 0.0)
    best = max(codings, key=lambda coding: weights.get(coding, rest))
    weight = weights.get(best, rest)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


_QVALUE = re.compile(r"\s*+(?:q\s*+=\s*+(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*+")
"""Nothing in it is tried twice: 32 KiB of blanks that end badly would else hold everybody up for seconds."""


def _weight(parameters: str) -> float | None:
    """The weight that these parameters give; None for what is none."""
    match = _QVALUE.fullmatch(parameters)
    if match is None:
        return None
    return float(match[1]) if match[1] else 1.0


@lru_cache(maxsize=256)
def is_text(content_type: bytes) -> bool:
    """Whether a body of this type becomes smaller."""
    return _TEXT.fullmatch(content_type.partition(b";")[0].strip().lower()) is not None


class Memory:
    """Compressed forms of bodies that are given again and again, at most `room` bytes of them; one for all routes of a worker."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._made: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._size = 0

    def get(self, coding: str, body: bytes) -> bytes:
        """The compressed form; made unless it is here. A `bytes` object knows its hash: a body that is kept is found at once."""
        key = (coding, body)
        made = self._made.get(key)
        if made is not None:
            self._made.move_to_end(key)
            return made
        made = self._made[key] = _AT_ONCE[coding](body)
        self._size += len(made) + len(body)
        while self._size > self._room and self._made:
            (_, oldest), form = self._made.popitem(last=False)
            self._size -= len(form) + len(oldest)
        return made


class CompressStage:
    """A route's compression. Its `after` comes behind the cache's, so that what is kept is as the upstream sent it."""

    name = "compress"

    def __init__(self, declared: Compressed, memory: Memory) -> None:
        self._codings: tuple[str, ...] = declared.codings
        self._minimum = declared.minimum
        self._with_secrets = declared.even_with_secrets
        self._memory = memory

    def before(self, request: Request) -> Awaitable[None] | None:  # noqa: ARG002 the answer decides
        return None

    def after(self, request: Request, reply: Reply) -> None:
        """Compress the body, or set the coder for one that streams; say in any case that it depends on the client.

        HEAD is told what GET would be: also where the upstream sent no body to judge by, but for the length then.
        """
        if reply.status == 304:
            self._unmodified(request, reply)
            return
        head = request.method == "HEAD"
        body = (reply.body or None) if head else reply.body
        if reply.status in _LEFT or (body is not None and len(body) < self._minimum):
            return
        known = _known(reply)
        if not self._may(request, known, by_length=body is None):
            return
        vary(reply, known)
        coding = negotiate(request.inbound.get(b"accept-encoding"), self._codings)
        if coding is None:
            return
        if body is not None:
            made = self._memory.get(coding, body) if request.reply is reply else _AT_ONCE[coding](body)
            if len(made) >= len(body):
                return
            reply.body = made
        elif not head:
            reply.coder = STREAMS[coding]()
        reply.fields = [pair for pair in altered.fields(reply.fields) if pair[0] != b"content-encoding"]  # `identity`
        reply.fields.append((b"content-encoding", coding.encode()))

    def explain(self, request: Request) -> str:
        """Which coding an answer of text would get."""
        coding = negotiate(request.inbound.get(b"accept-encoding"), self._codings)
        if coding is None:
            return "as it is: the client accepts none of " + ", ".join(self._codings)
        if not self._with_secrets and _has_cookies(request):
            return "as it is: the request has cookies, and the route is not declared even_with_secrets"
        return f"{coding}, for text of at least {self._minimum} bytes"

    def _unmodified(self, request: Request, reply: Reply) -> None:
        """A 304 says what its 200 would, which is taken to be compressed where nothing speaks against it. Its length does not, as
        many servers tell there that a 304 has no body.
        """
        known = _known(reply)
        vary(reply, known)
        known.setdefault(b"content-type", b"text/plain")
        if self._may(request, known, by_length=False) and negotiate(request.inbound.get(b"accept-encoding"), self._codings):
            reply.fields = altered.unmodified(reply.fields, request.inbound.get(b"if-none-match"))

    def _may(self, request: Request, known: dict[bytes, bytes], *, by_length: bool) -> bool:
        if not is_text(known.get(b"content-type", b"")) or b"content-range" in known:
            return False
        if known.get(b"content-encoding", b"identity") != b"identity":
            return False
        if by_length and int(known.get(b"content-length", self._minimum)) < self._minimum:
            return False
        control = directives(known.get(b"cache-control", b""))
        if b"no-transform" in control or b"no-transform" in request.inbound.get(b"cache-control").lower():
            return False
        return self._with_secrets or not (b"set-cookie" in known or b"no-store" in control or _has_cookies(request))


def _known(reply: Reply) -> dict[bytes, bytes]:
    """The fields that decide; a list may have been sent in several lines."""
    known: dict[bytes, bytes] = {}
    for name, value in reply.fields:
        if name in _LOOKED_AT:
            known[name] = known[name] + b", " + value if name in known else value
    return known


def vary(reply: Reply, known: dict[bytes, bytes]) -> None:
    """Say that the answer depends on Accept-Encoding, unless it says so."""
    told = known.get(b"vary", b"").lower()
    if b"accept-encoding" not in told and b"*" not in told:
        reply.fields.append((b"vary", b"Accept-Encoding"))


def _has_cookies(request: Request) -> bool:
    cookie = request.inbound.cookie
    return bool(cookie) and not only_anonymous(cookie)
