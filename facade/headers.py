"""What of a request's and an answer's headers is passed on, and what the facade adds.

Removed both ways: hop-by-hop headers, also those that `Connection` names, and `Banyan-*`, which is spoken between
the facade and its upstreams only. From outside also: names with an underscore (a WSGI server could not tell
`Banyan_Read` from `Banyan-Read`) and what callers claim about how the request was forwarded.

Clients and upstreams send the same header blocks again and again, so what was made of a block is remembered by its bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from facade.http1 import date, grammar
from facade.http1.grammar import BadHead, Pair

_HOP: Final = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
        b"http2-settings",
        b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_SET_HERE: Final = frozenset(
    {
        b"host", b"content-length", b"expect", b"forwarded", b"x-forwarded-for", b"x-forwarded-proto",
        b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-server", b"x-real-ip", b"x-request-id", b"traceparent",
        b"x-api-key",
    }
)  # fmt: skip
_NOT_FROM_OUTSIDE: Final = _HOP | _SET_HERE
_NOT_TO_OUTSIDE: Final = _HOP | {b"x-request-id"}
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_SCHEME: Final = re.compile(rb"https?")
_CHUNKED: Final = [b"chunked"]
_WORTH_KEEPING: Final = 2048
_SAID_OF_THE_CONNECTION: Final = frozenset({b"close", b"keep-alive", b"upgrade"})
_MEANT_FOR_BOTH: Final = frozenset({b"authorization", b"cookie", b"idempotency-key"})
"""What this entrance and the upstream both go by."""
_FRAMING: Final = frozenset({b"connection", b"content-length", b"transfer-encoding", b"upgrade"})
_READ_FROM_ANSWERS: Final = _FRAMING | {b"date"}
_READ_FROM_REQUESTS: Final = _FRAMING | {
    b"host", b"expect", b"authorization", b"cookie", b"idempotency-key", b"x-request-id", b"traceparent", b"x-forwarded-for",
    b"x-forwarded-proto", b"banyan-timeout",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request's header block. `fields` is all of it but for what `Connection` names, names in lower case; `lines` is what is
    passed on of it, ready to be sent: no name with an underscore is.

    `host` is b"" without one; `length` is in bytes, None without Content-Length; `upgrade` is the protocol asked for, in lower
    case; `timeout` is what the client gives itself; `forwarded_proto` is b"" unless it is b"http" or b"https".
    """

    fields: tuple[Pair, ...]
    lines: bytes
    host: bytes
    length: int | None
    chunked: bool
    close: bool
    expects: bool
    upgrade: bytes
    authorization: bytes
    cookie: bytes
    idempotency_key: bytes
    request_id: bytes
    trace: bytes
    forwarded_for: bytes
    forwarded_proto: bytes
    timeout: bytes

    def get(self, name: bytes) -> bytes:
        """The values of a field, joined by commas; b"" without it. `name` in lower case."""
        return b", ".join(value for key, value in self.fields if key == name)


@dataclass(frozen=True, slots=True)
class Outbound:
    """An answer's header block. `fields` is all of it, names in lower case; `passed` is what goes on to the client, and `lines`
    the same without its length, ready to be sent; `marks` are the `banyan-*` ones, which do not pass. `dated`: it has a `Date`.
    """

    fields: tuple[Pair, ...]
    passed: tuple[Pair, ...]
    lines: bytes
    marks: dict[bytes, bytes]
    length: int | None
    chunked: bool
    close: bool
    keep_alive: bool
    upgrade: bytes
    dated: bool

    def get(self, name: bytes) -> bytes:
        """The values of a field, joined by commas; b"" without it. `name` in lower case."""
        return b", ".join(value for key, value in self.fields if key == name)


def inbound(block: bytes) -> Inbound:
    """What a request's header block says. Raises `BadHead`, also where its framing is contradictory."""
    return _known_inbound(block) if len(block) <= _WORTH_KEEPING else _inbound(block)


def outbound(block: bytes) -> Outbound:
    """What an answer's header block says. Raises `BadHead`, also where its framing is contradictory."""
    return _known_outbound(block) if len(block) <= _WORTH_KEEPING else _outbound(block)


def received(block: bytes) -> Outbound:
    """The same of an answer that has come just now: it is passed on with the date of now where it has none (RFC 9110, 6.6.1)."""
    found = outbound(block)
    if found.dated:
        return found
    return _known_dated(block, date.now()) if len(block) <= _WORTH_KEEPING else _dated(block, date.now())


def _inbound(block: bytes) -> Inbound:
    fields, passed, seen = _sorted(block, _known_from_outside, _from_outside, _READ_FROM_REQUESTS)
    connection = grammar.tokens(seen.get(b"connection", ()))
    stopped = connection - _SAID_OF_THE_CONNECTION
    if stopped:
        # No decision may rest on what the upstream will not see: its answer would be kept for those who really send it.
        fields = [pair for pair in fields if pair[0] not in stopped]
        for name in stopped & _MEANT_FOR_BOTH:
            seen.pop(name, None)
    authorization = _single(seen, b"authorization")
    if authorization[:7].lower() == b"apikey ":
        stopped |= {b"authorization"}  # a third party's secret is for this entrance alone
    if stopped:
        passed = [line for line in passed if line[: line.index(b":")] not in stopped]
    length, chunked = _framing(seen)
    return Inbound(
        fields=tuple(fields),
        lines=b"".join(passed),
        host=_host(seen.get(b"host", [])),
        length=length,
        chunked=chunked,
        close=b"close" in connection,
        expects=_expects(seen.get(b"expect", [])),
        upgrade=b",".join(seen.get(b"upgrade", ())).lower() if b"upgrade" in connection else b"",
        authorization=authorization,
        cookie=b"; ".join(seen.get(b"cookie", ())),
        idempotency_key=_single(seen, b"idempotency-key"),
        request_id=_matching(_REQUEST_ID, seen.get(b"x-request-id")),
        trace=_matching(_TRACEPARENT, seen.get(b"traceparent")),
        forwarded_for=b", ".join(seen.get(b"x-forwarded-for", ())),
        forwarded_proto=_matching(_SCHEME, seen.get(b"x-forwarded-proto")),
        timeout=b", ".join(seen.get(b"banyan-timeout", ())),
    )


def _outbound(block: bytes) -> Outbound:
    fields, passed, seen = _sorted(block, _known_from_upstreams, _from_upstreams, _READ_FROM_ANSWERS)
    connection = grammar.tokens(seen.get(b"connection", ()))
    stopped = connection - _SAID_OF_THE_CONNECTION
    if stopped:
        passed = [line for line in passed if line[: line.index(b":")] not in stopped]
    length, chunked = _framing(seen)
    return Outbound(
        fields=tuple(fields),
        passed=tuple([pair for pair in fields if not _stays(pair[0], stopped)]),
        lines=b"".join(passed),
        marks={name: value for name, value in reversed(fields) if name.startswith(b"banyan-")},
        length=length,
        chunked=chunked,
        close=b"close" in connection,
        keep_alive=b"keep-alive" in connection,
        upgrade=b",".join(seen.get(b"upgrade", ())).lower(),
        dated=b"date" in seen and b"date" not in stopped,
    )


def _dated(block: bytes, now: bytes) -> Outbound:
    found = outbound(block)
    return replace(found, passed=(*found.passed, (b"date", now)), lines=b"%bdate: %b\r\n" % (found.lines, now), dated=True)


_known_inbound: Final = lru_cache(maxsize=1024)(_inbound)
_known_outbound: Final = lru_cache(maxsize=1024)(_outbound)
_known_dated: Final = lru_cache(maxsize=1024)(_dated)

_Read = tuple[bytes, bytes, bytes]
"""A line's name, its value, and the line as it is passed on: b"" where it is not."""


def _from_outside(line: bytes) -> _Read:
    name, value = grammar.field(line)
    # A WSGI server reads an underscore as a dash.
    stays = name in _NOT_FROM_OUTSIDE or name.startswith((b"banyan-", b"x-forwarded-")) or b"_" in name
    return name, value, b"" if stays else b"%b: %b\r\n" % (name, value)


def _from_upstreams(line: bytes) -> _Read:
    name, value = grammar.field(line)
    stays = name == b"content-length" or _stays(name, frozenset())
    return name, value, b"" if stays else b"%b: %b\r\n" % (name, value)


_known_from_outside: Final = lru_cache(maxsize=4096)(_from_outside)
_known_from_upstreams: Final = lru_cache(maxsize=4096)(_from_upstreams)


def _stays(name: bytes, stopped: frozenset[bytes]) -> bool:
    return name in _NOT_TO_OUTSIDE or name in stopped or name.startswith(b"banyan-")


def _sorted(
    block: bytes, known: Callable[[bytes], _Read], read: Callable[[bytes], _Read], wanted: frozenset[bytes]
) -> tuple[list[Pair], list[bytes], dict[bytes, list[bytes]]]:
    """All fields, the lines that are passed on, and the values of those fields that are `wanted`. Lines come again even where
    whole blocks do not.
    """
    fields: list[Pair] = []
    passed: list[bytes] = []
    seen: dict[bytes, list[bytes]] = {}
    for line in grammar.lines(block):
        name, value, onward = known(line) if len(line) <= _WORTH_KEEPING else read(line)
        fields.append((name, value))
        if onward:
            passed.append(onward)
        if name in wanted:
            seen.setdefault(name, []).append(value)
    return fields, passed, seen


def _framing(seen: dict[bytes, list[bytes]]) -> tuple[int | None, bool]:
    length = grammar.length_of(seen.get(b"content-length", []))
    coding = seen.get(b"transfer-encoding")
    if coding is None:
        return length, False
    if length is not None:
        raise BadHead("the body has two framings")
    if [value.lower() for value in coding] != _CHUNKED:
        raise BadHead("the only transfer coding is chunked", 501)
    return None, True


def _host(values: list[bytes]) -> bytes:
    if not values:
        return b""
    if len(values) > 1 or not grammar.HOST.fullmatch(values[0]):
        raise BadHead("the host is malformed")
    return values[0]


def _expects(values: list[bytes]) -> bool:
    if values and [value.lower() for value in values] != [b"100-continue"]:
        raise BadHead("this expectation cannot be met", 417)
    return bool(values)


def _single(seen: dict[bytes, list[bytes]], name: bytes) -> bytes:
    """Two of these are two requests in one: whoever reads the first differs from whoever reads the last."""
    values = seen.get(name, [])
    if len(values) > 1:
        raise BadHead(f"more than one {name.decode()}")
    return values[0] if values else b""


def _matching(pattern: re.Pattern[bytes], values: list[bytes] | None) -> bytes:
    return values[0] if values and len(values) == 1 and pattern.fullmatch(values[0]) else b""
