"""What of a request's and an answer's headers is passed on, and what the facade adds.

Removed both ways: hop-by-hop headers, also those that `Connection` names, and `Banyan-*`, which is spoken between
the facade and its upstreams only. From outside also: names with an underscore (a WSGI server could not tell
`Banyan_Read` from `Banyan-Read`) and what callers claim about how the request was forwarded.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

Headers = Iterable[tuple[bytes, bytes]]

_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
        b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_SET_HERE = frozenset(
    {
        b"host", b"content-length", b"expect", b"forwarded", b"x-forwarded-for", b"x-forwarded-proto",
        b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-server", b"x-real-ip", b"x-request-id", b"traceparent",
    }
)  # fmt: skip
_NOT_FROM_OUTSIDE = _HOP | _SET_HERE
_NOT_TO_OUTSIDE = _HOP | {b"x-request-id"}
_ONLY_ABOUT_THE_CONNECTION = frozenset({b"keep-alive", b"close", b""})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]*")
_bits = random.SystemRandom().getrandbits(64)
_random = random.Random(_bits)  # noqa: S311 ids that tell requests apart, not secrets


@dataclass(slots=True)
class Inbound:
    """A request's headers, read in one pass. `lines` are those to pass on, ready to be sent."""

    lines: list[bytes]
    host: bytes = b""
    length: bytes | None = None
    chunked: bool = False
    authorization: bytes = b""
    cookie: bytes = b""
    idempotency_key: bytes = b""
    request_id: bytes = b""
    websocket: bool = False


def read(headers: Headers, *, client: str, scheme: str, trust_forwarded: bool) -> Inbound:
    """Sort a request's headers (names in lower case, as ASGI gives them) into what is passed on and what is known."""
    seen: dict[bytes, bytes] = {}
    lines: list[bytes] = []
    inbound = Inbound(lines)
    for name, value in headers:
        if name in _NOT_FROM_OUTSIDE:
            seen.setdefault(name, value)
        elif name[:7] == b"banyan-" or b"_" in name:
            continue
        else:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"authorization":
                inbound.authorization = value
            elif name == b"cookie":
                inbound.cookie = inbound.cookie + b"; " + value if inbound.cookie else value
            elif name == b"idempotency-key":
                inbound.idempotency_key = value
    if named := _named_by_connection(seen.get(b"connection", b"")):
        inbound.lines = lines = [line for line in lines if line[: line.index(b":")] not in named]
    inbound.host = seen.get(b"host", b"")
    inbound.length = seen.get(b"content-length")
    inbound.chunked = b"transfer-encoding" in seen
    inbound.websocket = seen.get(b"upgrade", b"").lower() == b"websocket"
    lines.append(_forwarded(inbound.host, seen.get(b"x-forwarded-for"), client, scheme, trust=trust_forwarded))
    _identify(inbound, seen)
    return inbound


def _named_by_connection(value: bytes) -> frozenset[bytes]:
    if not value or value in _ONLY_ABOUT_THE_CONNECTION:
        return frozenset()
    return frozenset(token.strip().lower() for token in value.split(b",")) - _ONLY_ABOUT_THE_CONNECTION


def _forwarded(host: bytes, chain: bytes | None, client: str, scheme: str, *, trust: bool) -> bytes:
    peer = client.encode()
    host = host if _HOST.fullmatch(host) else b""  # a quote in it would forge what follows
    proto = scheme.encode()
    shown = b'"[%b]"' % peer if b":" in peer else peer
    chain = b"%b, %b" % (chain, peer) if trust and chain else peer
    return b'x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\nforwarded: for=%b;proto=%b;host="%b"\r\n' % (
        chain,
        proto,
        host,
        shown,
        proto,
        host,
    )


def _identify(inbound: Inbound, seen: dict[bytes, bytes]) -> None:
    request_id = seen.get(b"x-request-id")
    if request_id is None or not _REQUEST_ID.fullmatch(request_id):
        request_id = b"%032x" % _random.getrandbits(128)
    trace = seen.get(b"traceparent")
    if trace is None or not _TRACEPARENT.fullmatch(trace):
        trace = b"00-%032x-%016x-01" % (_random.getrandbits(128) | 1, _random.getrandbits(64) | 1)
    inbound.request_id = request_id
    inbound.lines.append(b"x-request-id: %b\r\ntraceparent: %b\r\n" % (request_id, trace))


@dataclass(slots=True)
class Outbound:
    """An answer's headers. `passed` goes to the client; `marks` are the `banyan-*` ones, which do not."""

    passed: list[tuple[bytes, bytes]]
    marks: dict[bytes, bytes]
    length: bytes | None


def answer(headers: Headers) -> Outbound:
    """Sort an answer's headers (names in lower case) into what is passed on and what was meant for the facade."""
    passed: list[tuple[bytes, bytes]] = []
    marks: dict[bytes, bytes] = {}
    length: bytes | None = None
    connection = b""
    for pair in headers:
        name = pair[0]
        if name in _NOT_TO_OUTSIDE:
            if name == b"connection":
                connection = pair[1]
        elif name[:7] == b"banyan-":
            marks[name] = pair[1]
        else:
            if name == b"content-length":
                length = pair[1]
            passed.append(pair)
    if named := _named_by_connection(connection):
        passed = [pair for pair in passed if pair[0] not in named]
    return Outbound(passed, marks, length)
