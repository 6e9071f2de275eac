"""From an upstream's answer to what is kept of it, and from that to an answer: pure functions over values."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

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
_IN_304 = frozenset({b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary", b"age", b"cache-status"})


def stored(ask: Asking, request: Request, reply: Reply, *, body: bytes, terms: Terms, born: float) -> Stored:
    """What is kept of an answer. `born`: the clock's time at which its age was nought."""
    vary = _vary(reply.fields)
    return Stored(
        key=ask.key,
        path=ask.path,
        vary=vary,
        values=asking.varied(vary, request),
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
    """Answer the client's own conditions."""
    if freshness.not_modified(reply.fields, ask.if_none_match, ask.if_modified_since):
        reply.status, reply.body = 304, b""
        reply.fields = [pair for pair in reply.fields if pair[0] in _IN_304]


def become(reply: Reply, other: Reply) -> None:
    """Turn an answer into another one."""
    reply.status, reply.fields, reply.body = other.status, other.fields, other.body


def tell(reply: Reply, status: bytes) -> None:
    """Say what the cache did; leave out what the upstream said to it alone."""
    reply.fields = [pair for pair in reply.fields if pair[0] != b"surrogate-key"]
    reply.fields.append((b"cache-status", status))


def written(request: Request, reply: Reply) -> Iterable[str]:
    """The decoded paths that a write has changed: the request's, and those of the same host that the answer names."""
    yield request.path
    for name, value in reply.fields:
        if name in (b"location", b"content-location"):
            try:
                named = urlsplit(value.decode("latin-1"))
            except ValueError:  # `http://[`: it names nothing, and the write that is answered so was carried out
                continue
            if named.netloc in ("", request.host.decode("latin-1")) and named.path.startswith("/"):
                yield unquote(named.path)


def _vary(fields: Iterable[Pair]) -> tuple[bytes, ...]:
    return tuple(sorted(tokens([value for name, value in fields if name == b"vary"])))


def _lasting(reply: Reply, also: frozenset[bytes]) -> list[Pair]:
    """The fields that are true of the next answer too."""
    stopped = _NOT_KEPT | also | tokens([reply.get(b"connection")])
    return [pair for pair in reply.fields if pair[0] not in stopped and not pair[0].startswith(b"banyan-")]
