"""What a request asks of the cache, and the fetches that are under way: pure but for the future that the waiting share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from facade import subject
from facade.responses import freshness
from facade.responses.contract import Request
from facade.responses.store import Key, Stored

_LOOKED_AT = frozenset(
    {
        b"cache-control", b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range", b"range",
        b"authorization", b"cookie", b"x-api-key", b"upgrade",
    }
)  # fmt: skip
_PASS_BY = frozenset({b"if-match", b"if-unmodified-since", b"if-range", b"upgrade"})
_NOT_WHOLE = (b"if-none-match:", b"if-modified-since:", b"range:")
_NO_DIRECTIVES: Mapping[bytes, bytes] = {}


@dataclass(eq=False, slots=True)
class Flight:
    """A fetch that others may wait for. `tainted`: what it asked for was changed since, so its answer must not be kept. `left`:
    it ended because its client did not wait for it.
    """

    paths: tuple[str, ...] = ()
    done: asyncio.Future[None] | None = None
    tainted: bool = False
    left: bool = False

    def wait(self) -> asyncio.Future[None]:
        """Done when the fetch has ended, whichever way."""
        if self.done is None:
            self.done = asyncio.get_running_loop().create_future()
        return self.done

    def land(self) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(None)


@dataclass(eq=False, slots=True)
class Asking:
    """One request's business with the cache. `paths`: by the function below; `sent`: the header lines for an upstream, without
    those that the facade adds. `since`: when the upstream was asked (the clock's time).

    `credentials`: it says who asks. `passes_by`: the cache has no part in it. `stored`: the stale answer whose validators were
    sent on. `stripped`: the client's own conditions were not sent on, so they are to be answered here. `why`: RFC 9211's `fwd`.
    `settled`: its answer was looked at, or is a kept one.
    """

    key: Key
    paths: tuple[str, ...]
    sent: bytes
    since: float = 0.0
    directives: Mapping[bytes, bytes] = field(default_factory=dict)
    if_none_match: bytes = b""
    if_modified_since: bytes = b""
    credentials: bool = False
    passes_by: bool = False
    range: bool = False
    stored: Stored | None = None
    stripped: bool = False
    flight: Flight = field(default_factory=Flight)
    leads: bool = False
    why: bytes = b"uri-miss"
    collapsed: bool = False
    settled: bool = False


def read(request: Request) -> Asking:
    """What this GET or HEAD asks for."""
    sent = request.passed + b"".join(request.extra) if request.extra else request.passed
    asking = Asking((request.scheme, request.host.lower(), request.target), paths(request), sent)
    asking.credentials = request.principal.kind != "anonymous"
    directives = b""
    for name, value in request.inbound.fields:
        if name not in _LOOKED_AT:
            continue
        if name == b"cache-control":
            directives = directives + b", " + value if directives else value
        elif name == b"if-none-match":
            asking.if_none_match = asking.if_none_match + b", " + value if asking.if_none_match else value
        elif name == b"if-modified-since":
            asking.if_modified_since = value
        elif name == b"range":
            asking.range = True
        elif name in _PASS_BY:
            asking.passes_by = True
        elif name != b"cookie" or not only_anonymous(value):
            asking.credentials = True
    asking.directives = freshness.directives(directives) if directives else _NO_DIRECTIVES
    if request.inbound.length or request.inbound.chunked or b"no-store" in asking.directives:
        asking.passes_by = True  # an answer to a body is no answer to the target alone
    return asking


def paths(request: Request) -> tuple[str, ...]:
    """The decoded paths of what this is about: as the client names it, and as the upstream does where that is another one."""
    upstream = unquote(request.target.partition(b"?")[0].decode())
    return (request.path,) if upstream == request.path else (request.path, upstream)


def only_anonymous(cookie: bytes) -> bool:
    """Whether these cookies say no more than which browser it is: the gateway's own one."""
    return b";" not in cookie and cookie.partition(b"=")[0].strip() == subject.COOKIE


def for_all_of_it(lines: bytes) -> bytes:
    """Header lines without those that ask for a 304 or for a part: what is kept must be whole."""
    if b"if-" not in lines and b"range:" not in lines:
        return lines
    return b"".join(line for line in lines.splitlines(keepends=True) if not line.startswith(_NOT_WHOLE))


def validators(stored: Stored) -> bytes:
    """The header lines that ask whether a kept answer is still good (RFC 9111, 4.3.1); b"" when it has no validator."""
    lines = b""
    for name, value in stored.fields:
        if name == b"etag":
            lines += b"if-none-match: %b\r\n" % value
        elif name == b"last-modified":
            lines += b"if-modified-since: %b\r\n" % value
    return lines


def varied(vary: tuple[bytes, ...], sent: bytes) -> tuple[bytes, ...]:
    """The values of the fields that choose the answer, in these header lines; blanks around commas make no difference."""
    if not vary:
        return ()
    values: dict[bytes, list[bytes]] = {name: [] for name in vary}
    for line in sent.splitlines():
        name, _, value = line.partition(b":")
        if name in values:
            values[name] += [part.strip() for part in value.split(b",")]
    return tuple([b",".join(values[name]) for name in vary])
