"""The first line of a request: its method, and a target that every parser behind this one reads alike."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from facade.http1.grammar import HOST, LONGEST_LINE, BadHead

_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\x21-\x7e]+) HTTP/1\.([01])")
_OTHER_VERSION: Final = re.compile(rb"[^ ]+ [^ ]+ HTTP/(?!1\.[01])[0-9](\.[0-9])?")
_ABSOLUTE: Final = re.compile(rb"https?://([^/?]+)(/.*|\?.*|)", re.IGNORECASE)
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_HIDDEN: Final = re.compile(rb"%2f|%5c|%00|\\", re.IGNORECASE)
"""What some servers take for a separator, or for the end, and others do not."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_WORTH_KEEPING: Final = 512


@dataclass(frozen=True, slots=True)
class RequestLine:
    """`target` is the path as it was sent, with its query; `path` is decoded. `host`: the one of an absolute target."""

    method: str
    target: bytes
    path: str
    minor: int
    host: bytes | None = None


def parse(line: bytes) -> RequestLine:
    """Read a request line, without its CRLF. Raises `BadHead`."""
    return _remembered(line) if len(line) <= _WORTH_KEEPING else _parse(line)


def _parse(line: bytes) -> RequestLine:
    if len(line) > LONGEST_LINE:
        raise BadHead("the request line is too long", 414)
    match = _LINE.fullmatch(line)
    if match is None:
        if _OTHER_VERSION.fullmatch(line):
            raise BadHead("only HTTP/1.1 is spoken here", 505)
        raise BadHead("the request line is malformed")
    method, target, minor = match.groups()
    if b"#" in target:
        raise BadHead("a target has no fragment")
    host = None
    if not target.startswith(b"/"):
        host, target = _absolute(method, target)
    return RequestLine(method.decode(), target, _path(target.partition(b"?")[0]), int(minor), host)


def _absolute(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    """RFC 9112 asks servers to take the absolute form; its host overrides the field."""
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise BadHead(f"{method.decode()} needs a path that begins with a slash")
    host, rest = match.groups()
    if not HOST.fullmatch(host):
        raise BadHead("the host is malformed")
    return host, rest if rest.startswith(b"/") else b"/" + rest


def _path(raw: bytes) -> str:
    """The decoded path. Refuses what upstreams might decode, or shorten, in a way of their own."""
    if _BAD_ESCAPE.search(raw) or _HIDDEN.search(raw):
        raise BadHead("the path is ambiguous")
    try:
        path = unquote_to_bytes(raw).decode() if b"%" in raw else raw.decode()
    except UnicodeDecodeError as error:
        raise BadHead("the path is not UTF-8") from error
    if _CONTROL.search(path):
        raise BadHead("the path has control characters")
    if "/." in path and any(segment.partition(";")[0] in (".", "..") for segment in path.split("/")):
        raise BadHead("the path is ambiguous: resolve its dot segments")
    return path


_remembered: Final = lru_cache(maxsize=1024)(_parse)
