"""From an upstream's answer to what is kept of it, and from that to an answer: pure functions over values."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from facade.http1.grammar import Pair, tokens
from facade.responses import asking, freshness
from facade.responses.asking import Asking
from facade.responses.contract import Reply, Request
from facade.responses.freshness import Terms
from facade.responses.store import Stored

_NOT_KEPT = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authentication-info", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"content-length", b"x-request-id", b"age", b"surrogate-key",
    }
)  # fmt: skip
_OF_THE_BODY = frozenset({b"content-encoding", b"content-type", b"content-range"})
_NOT_IN_304 = _OF_THE_BODY | {
    b"content-length", b"content-language", b"content-digest", b"content-md5", b"digest", b"repr-digest",
}  # fmt: skip
_PORTS = {"http": 80, "https": 443}


def stored(ask: Asking, reply: Reply, *, body: bytes, terms: Terms, born: float) -> Stored:
    """What is kept of an answer. `born`: the clock's time at which its age was nought."""
    vary = _vary(reply.fields)
    return Stored(
        key=ask.key,
        paths=ask.paths,
        vary=vary,
        values=asking.varied(vary, ask.sent),
        status=reply.status,
        fields=tuple(_lasting(reply, frozenset())),
        body=body,
        tags=frozenset(reply.get(b"surrogate-key").replace(b",", b" ").split()),
        terms=terms,
        born=born,
    )


def merged(old: Stored, reply: Reply) -> list[Pair]:
    """The fields of what is kept, renewed by those of a 304 (RFC 9111, 3.2)."""
    news = _lasting(reply, _OF_THE_BODY)
    names = {name for name, _ in news}
    return [pair for pair in old.fields if pair[0] not in names] + news


def freshened(old: Stored, fields: list[Pair], terms: Terms, born: float) -> Stored | None:
    """What is kept after a 304; None when other fields of the request choose it than before, so that its place is unknown."""
    return replace(old, fields=tuple(fields), terms=terms, born=born) if _vary(fields) == old.vary else None


def answer(ask: Asking, kept: Stored, age: float, status: bytes) -> Reply:
    """What is kept, as an answer to this request: 304 where the client has it already. `status` is for `Cache-Status`."""
    fields: list[Pair] = [*kept.fields, (b"age", b"%d" % max(age, 0)), (b"cache-status", status)]
    reply = Reply(kept.status, fields, kept.body)
    if kept.status == 200 and (ask.if_none_match or ask.if_modified_since):
        condition(ask, reply)
    return reply


def condition(ask: Asking, reply: Reply) -> None:
    """Answer the client's own conditions. What is said beside the body, be it a cookie, is said with a 304, too."""
    if freshness.not_modified(reply.fields, ask.if_none_match, ask.if_modified_since):
        reply.status, reply.body = 304, b""
        reply.fields = [pair for pair in reply.fields if pair[0] not in _NOT_IN_304]


def become(reply: Reply, other: Reply) -> None:
    """Turn an answer into another one."""
    reply.status, reply.fields, reply.body = other.status, other.fields, other.body


def tell(reply: Reply, status: bytes) -> None:
    """Say what the cache did; leave out what the upstream said to it alone."""
    reply.fields = [pair for pair in reply.fields if pair[0] != b"surrogate-key"]
    reply.fields.append((b"cache-status", status))


def written(request: Request, fields: Iterable[Pair]) -> Iterable[str]:
    """The decoded paths that a write has changed: the request's, and those of the same host that its answer's `fields` name."""
    own = asking.paths(request)
    yield from own
    for name, value in fields:
        if name in (b"location", b"content-location"):
            for path in own:
                base = f"{request.scheme.decode()}://{request.host.decode()}{quote(path)}"
                if (named := _named(value.decode(errors="replace"), base)) is not None:
                    yield named


def _named(reference: str, base: str) -> str | None:
    """The decoded path of what is named at `base`; None for what is at another host, or nowhere."""
    try:
        found = urlsplit(urljoin(base, reference))
        return unquote(found.path or "/") if _authority(found) == _authority(urlsplit(base)) else None
    except ValueError:  # `http://[`: it names nothing, and the write that is answered so was carried out
        return None


def _authority(place: SplitResult) -> tuple[str | None, int | None]:
    """Host and port, None where it is that of the scheme; upstreams may not know by which scheme they were asked."""
    return place.hostname, place.port if place.port != _PORTS.get(place.scheme) else None


def _vary(fields: Iterable[Pair]) -> tuple[bytes, ...]:
    return tuple(sorted(tokens([value for name, value in fields if name == b"vary"])))


def _lasting(reply: Reply, also: frozenset[bytes]) -> list[Pair]:
    """The fields that are true of the next answer too."""
    stopped = _NOT_KEPT | also | tokens([reply.get(b"connection")])
    return [pair for pair in reply.fields if pair[0] not in stopped and not pair[0].startswith(b"banyan-")]
