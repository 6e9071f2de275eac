"""Changes that a route declares to its requests and answers: header fields, the path's prefix, the query, members of JSON bodies.

A declaration cannot touch framing, hop-by-hop fields, or what the gateway itself vouches for (`Forwarded`, `Banyan-*`, …). A body
that a change is declared for never passes unchanged: one that cannot be read, or is too large, is refused, since what was to be
taken out of it may be what nobody should see. A rewritten path is checked again like any other, and never leads to /internal.
"""

import re
from collections.abc import Awaitable
from functools import lru_cache
from typing import Annotated, Self
from urllib.parse import quote, unquote_plus

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from facade import problems
from facade.http1 import request_line
from facade.http1.grammar import BadHead
from facade.problems import Problem
from facade.responses import altered
from facade.responses.contract import Reply, Request
from facade.responses.members import MemberChanges, Members

_NAME = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?")
_PATH = re.compile(r"/|(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
_OURS = frozenset(
    {
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "expect", "forwarded", "x-forwarded-for", "x-forwarded-proto",
        "x-forwarded-host", "x-forwarded-port", "x-forwarded-server", "x-real-ip", "x-request-id", "traceparent",
    }
)  # fmt: skip
_JSON = re.compile(rb"application/([a-z0-9.+-]+\+)?json")
_SAFE_IN_PATH = "/!$&'()*+,;=:@~"


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a header field")
    if text.lower() in _OURS or text.lower().startswith("banyan-"):
        raise ValueError(
            f"{text!r} is the gateway's own: changing it would break framing, or what upstreams are told of the client"
        )
    return text.lower()


def _value(text: str) -> str:
    if not _VALUE.fullmatch(text):
        raise ValueError(f"{text!r} cannot be the value of a header field")
    return text


def _prefix(text: str) -> str:
    if not _PATH.fullmatch(text) or any(segment in (".", "..") for segment in text.split("/")):
        raise ValueError(f"{text!r} is no path prefix like /api/v1")
    return text.rstrip("/")


Name = Annotated[str, AfterValidator(_name)]
Value = Annotated[str, AfterValidator(_value)]
Prefix = Annotated[str, AfterValidator(_prefix)]
_MODEL = ConfigDict(frozen=True, extra="forbid")


class Fields(BaseModel):
    """Changes to header fields: `remove` first, then `set` in place of what is there, then `add` beside it."""

    model_config = _MODEL

    remove: tuple[Name, ...] = ()
    set: dict[Name, Value] = {}
    add: dict[Name, Value] = {}

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        twice = sorted(set(self.remove) & (self.set.keys() | self.add.keys()) | (self.set.keys() & self.add.keys()))
        if twice:
            raise ValueError(f"more than one change to {', '.join(twice)}")
        return self


class Query(BaseModel):
    """Changes to the query: `remove` by name, then `set` in place of what is there, then `add`. Values are encoded here."""

    model_config = _MODEL

    remove: tuple[str, ...] = ()
    set: dict[str, str] = {}
    add: dict[str, str] = {}


class Rewrite(BaseModel):
    """The prefix `from` of the path becomes `to`; both end at a segment."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: Prefix = Field(alias="from")
    to: Prefix


class RequestChanges(BaseModel):
    """A route's `request`."""

    model_config = _MODEL

    headers: Fields | None = None
    rewrite: Rewrite | None = None
    query: Query | None = None
    members: Members | None = None


class ReplyChanges(BaseModel):
    """A route's `reply`."""

    model_config = _MODEL

    headers: Fields | None = None
    members: Members | None = None


class Transformed(BaseModel):
    """A route's `transform`."""

    model_config = _MODEL

    request: RequestChanges = RequestChanges()
    reply: ReplyChanges = ReplyChanges()


class TransformStage:
    """Carries a declaration out. `whole`: so many bytes of an answer must be there before `after` is asked; 0: none."""

    name = "transform"

    def __init__(self, declared: Transformed) -> None:
        request, reply = declared.request, declared.reply
        self._request_members = MemberChanges(request.members) if request.members else None
        self._reply_members = MemberChanges(reply.members) if reply.members else None
        self.whole = reply.members.largest if reply.members else 0
        self._reply_fields = _Fields(reply.headers) if reply.headers else None
        self._rewrite = request.rewrite
        self._query = request.query
        self._target = lru_cache(maxsize=1024)(self._changed_target) if request.rewrite or request.query else None
        headers = request.headers or Fields()
        if self._reply_members is not None:
            headers = Fields(remove=(*headers.remove, "accept-encoding", "range", "if-range"), set=headers.set, add=headers.add)
        changes = _Fields(headers)
        self._lines = lru_cache(maxsize=1024)(changes.lines) if headers != Fields() else None
        self._declared = declared

    def before(self, request: Request) -> Awaitable[None] | None:
        """Change the request. Raises `Problem` for a path that may not be asked for once it is rewritten."""
        if self._lines is not None:
            request.passed = self._lines(request.passed)
        if self._target is not None:
            request.target = self._target(request.target, request.path)
        if self._request_members is not None and (request.inbound.length or request.inbound.chunked):
            return self._change_body(request, self._request_members)
        return None

    def after(self, request: Request, reply: Reply) -> None:
        """Change the answer; members not of the facade's own, which nobody has declared. Raises `Problem` 502 for one that should
        be changed and cannot.
        """
        if self._reply_fields is not None:
            reply.fields = self._reply_fields.pairs(reply.fields)
        if self._reply_members is None or reply.own or reply.status == 204:
            return
        content_type = reply.get(b"content-type")
        if reply.status == 304:
            if not content_type or _is_json(content_type):
                reply.fields = altered.unmodified(reply.fields, request.inbound.get(b"if-none-match"))
        elif _is_json(content_type):
            if reply.body or request.method != "HEAD":
                reply.body = _changed_body(reply, self._reply_members)
            reply.fields = altered.fields(reply.fields)

    def explain(self, request: Request) -> str:
        """What is declared, and what becomes of this target."""
        target = self._target(request.target, request.path) if self._target is not None else request.target
        declared = self._declared.model_dump(exclude_defaults=True, by_alias=True)
        return f"{target.decode('latin-1')}; {orjson.dumps(declared).decode()}"

    def _changed_target(self, target: bytes, path: str) -> bytes:
        raw, mark, query = target.partition(b"?")
        if self._rewrite is not None:
            raw = _rewritten(raw, path, self._rewrite)
        if self._query is not None:
            query = _queried(query, self._query)
            mark = b"?" if query else b""
        changed = raw + mark + query
        try:
            checked = request_line.parse(b"GET %b HTTP/1.1" % changed)
        except BadHead as error:
            raise problems.malformed(error) from error
        if checked.path.lstrip("/").partition("/")[0].partition(";")[0].lower() == "internal":
            raise problems.not_found(path)
        return changed

    async def _change_body(self, request: Request, members: MemberChanges) -> None:
        if not _is_json(request.inbound.get(b"content-type")) or request.inbound.get(b"content-encoding"):
            raise Problem(415, "not-json", "Unsupported media type", "this path takes plain JSON")
        body = await request.read(members.largest)
        try:
            request.content = members.changed(body)
        except ValueError as error:
            raise Problem(400, "malformed-json", "Malformed JSON", str(error)) from error


class _Fields:
    """Compiled changes to header fields."""

    def __init__(self, declared: Fields) -> None:
        self._gone = frozenset(name.encode() for name in (*declared.remove, *declared.set))
        self._new = [(name.encode(), value.encode()) for name, value in (*declared.set.items(), *declared.add.items())]
        self._new_lines = b"".join(b"%b: %b\r\n" % pair for pair in self._new)

    def lines(self, lines: bytes) -> bytes:
        kept = [line for line in lines.splitlines(keepends=True) if line.partition(b":")[0] not in self._gone]
        return b"".join(kept) + self._new_lines

    def pairs(self, fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        return [pair for pair in fields if pair[0] not in self._gone] + self._new


def _changed_body(reply: Reply, members: MemberChanges) -> bytes:
    if reply.body is None or len(reply.body) > members.largest:
        raise _unchangeable(f"it has more than {members.largest} bytes")
    if reply.status == 206 or reply.get(b"content-encoding"):
        raise _unchangeable("it is encoded, or a part")
    try:
        return members.changed(reply.body)
    except ValueError as error:
        raise _unchangeable("it is no JSON, or more than can be held") from error


def _unchangeable(why: str) -> Problem:
    return Problem(502, "unchangeable-answer", "Answer withheld", f"the answer was to be changed on its way, but {why}")


def _is_json(content_type: bytes) -> bool:
    return _JSON.fullmatch(content_type.partition(b";")[0].strip().lower()) is not None


def _rewritten(raw: bytes, path: str, declared: Rewrite) -> bytes:
    """The raw path with its new prefix; a path that was spelled with needless escapes is spelled anew."""
    start, to = declared.start.encode(), declared.to.encode()
    if not (raw == start or raw.startswith(start + b"/")):
        if not (path == declared.start or path.startswith(declared.start + "/")):
            return raw
        raw = quote(path, safe=_SAFE_IN_PATH).encode()
    return (to + raw[len(start) :]) or b"/"


def _queried(query: bytes, declared: Query) -> bytes:
    gone = {*declared.remove, *declared.set}
    kept = [part for part in query.split(b"&") if part and _parameter(part) not in gone]
    new = [*declared.set.items(), *declared.add.items()]
    return b"&".join([*kept, *(f"{quote(name, safe='')}={quote(value, safe='')}".encode() for name, value in new)])


def _parameter(part: bytes) -> str:
    return unquote_plus(part.partition(b"=")[0].decode("latin-1"), errors="replace")
