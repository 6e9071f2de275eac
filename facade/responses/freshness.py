"""How long a shared cache may give an answer again, and to whom (RFC 9111, RFC 5861): pure functions over header fields.

Stricter than the RFC where that protects people: nothing with Set-Cookie is kept, nothing lives by guess (heuristic freshness),
and what a request with credentials was answered is given to others only where the answer says `public` or `s-maxage`. What varies
by a field that the facade itself writes is not kept: no key has it. `s-maxage` forbids stale answers, as
RFC 9111 (5.2.2.10) has it, whatever `stale-while-revalidate` says beside it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from facade.http1 import date
from facade.http1.grammar import Pair, tokens

KEPT = frozenset({200, 203, 301, 302, 307, 308, 404, 410})
"""Statuses that are kept at all; 206 never, since parts are not put together here."""
_FAILED = frozenset({500, 502, 503, 504})
_NEVER_STALE = frozenset({b"must-revalidate", b"proxy-revalidate", b"s-maxage", b"no-cache"})
_WRITTEN_HERE = frozenset({b"forwarded", b"x-real-ip", b"x-request-id", b"traceparent", b"tracestate"})
_ETAG = re.compile(rb'"[^"]*"')
_DIRECTIVE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]*)))?")
_NONE: Mapping[bytes, bytes] = {}
_LARGEST = float(1 << 31)


@dataclass(frozen=True, slots=True)
class Extra:
    """What the route's declaration adds, in seconds. `ttl` holds where the answer names no lifetime."""

    ttl: float | None = None
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions under which an answer may be given again. Times in seconds; `shared`: also to requests with credentials."""

    lifetime: float
    while_revalidating: float
    if_error: float
    shared: bool


class Use(Enum):
    """What may be done with a kept answer: give it, give it and ask again meanwhile, or ask first."""

    GIVE = auto()
    GIVE_AND_ASK = auto()
    ASK = auto()


@lru_cache(maxsize=1024)
def directives(value: bytes) -> Mapping[bytes, bytes]:
    """The directives of a Cache-Control field, names in lower case. Of one that is repeated, the smallest argument holds."""
    found: dict[bytes, bytes] = {}
    for name, quoted, plain in _DIRECTIVE.findall(value):
        argument, key = quoted or plain, name.lower()
        if key in found:
            argument = min(found[key], argument, key=_rank)
        found[key] = argument
    return found


def seconds(found: Mapping[bytes, bytes], name: bytes) -> float | None:
    """A directive's time; None without it, 0 where its argument is no number (RFC 9111, 4.2.1: such an answer is stale)."""
    value = found.get(name)
    return None if value is None else _rank(value)


def terms(status: int, fields: list[Pair], extra: Extra, *, credentials: bool) -> Terms | None:
    """The terms of an answer; None: it must not be kept. `credentials`: the request that it answers had some."""
    known = _single(fields)
    found = directives(known.get(b"cache-control", b"")) if b"cache-control" in known else _NONE
    if status not in KEPT or b"no-store" in found or b"private" in found or b"set-cookie" in known:
        return None
    if b"vary" in known and any(map(_is_in_no_key, tokens([known[b"vary"]]))):
        return None
    shared = b"public" in found or b"s-maxage" in found
    if credentials and not shared:
        return None
    lifetime = _lifetime(status, known, found, extra)
    if lifetime is None:
        return None
    strict = not _NEVER_STALE.isdisjoint(found)
    while_revalidating = 0.0 if strict else _allowed(found, b"stale-while-revalidate", extra.stale_while_revalidate)
    if_error = 0.0 if strict else _allowed(found, b"stale-if-error", extra.stale_if_error)
    validated = b"etag" in known or b"last-modified" in known
    if lifetime <= 0 and not validated and not while_revalidating and not if_error:
        return None
    return Terms(lifetime, while_revalidating, if_error, shared)


def first_age(fields: list[Pair], *, delay: float, wall: float) -> float:
    """The age of an answer when it arrives (RFC 9111, 4.2.3). `delay`: how long it took; `wall`: now, since the epoch."""
    known = _single(fields)
    told = _rank(known.get(b"age", b"0").partition(b",")[0].strip()) + delay  # of several the first holds (RFC 9111, 5.1)
    made = date.read(known.get(b"date", b""))
    return max(told, wall - made if made is not None else 0.0)


def use(age: float, kept: Terms, asked: Mapping[bytes, bytes]) -> Use:
    """What may be done with an answer of this `age` for a request with the directives `asked` (RFC 9111, 5.2.1; `max-stale`,
    which a cache need not grant, is not granted).
    """
    if b"no-cache" in asked:
        return Use.ASK
    limit = seconds(asked, b"max-age")
    if limit is not None and age > limit:
        return Use.ASK
    margin = seconds(asked, b"min-fresh") or 0.0
    if age + margin < kept.lifetime:
        return Use.GIVE
    if margin or age >= kept.lifetime + kept.while_revalidating:
        return Use.ASK
    return Use.GIVE_AND_ASK


def after_error(age: float, kept: Terms, status: int) -> bool:
    """Whether a stale answer may stand in for a failure with this status (RFC 5861, 4)."""
    return status in _FAILED and age < kept.lifetime + kept.if_error


def not_modified(fields: list[Pair], if_none_match: bytes, if_modified_since: bytes) -> bool:
    """Whether a client that holds this has what it asks for (RFC 9110, 13.1.2 and 13.1.3: entity tags first, compared weakly)."""
    known = _single(fields)
    if if_none_match:
        if if_none_match.strip() == b"*":
            return True
        tag = known.get(b"etag", b"").removeprefix(b"W/")
        return bool(tag) and tag in _ETAG.findall(if_none_match)
    since, changed = date.read(if_modified_since), date.read(known.get(b"last-modified", b""))
    return since is not None and changed is not None and changed <= since


def _lifetime(status: int, known: Mapping[bytes, bytes], found: Mapping[bytes, bytes], extra: Extra) -> float | None:
    if b"no-cache" in found:
        return 0.0
    for name in (b"s-maxage", b"max-age"):
        if name in found:
            return seconds(found, name)
    if b"expires" in known:
        expires, made = date.read(known[b"expires"]), date.read(known.get(b"date", b""))
        return expires - made if expires is not None and made is not None else 0.0
    return extra.ttl if status == 200 else None


def _is_in_no_key(name: bytes) -> bool:
    """Whether answers that vary by this field of the request cannot be told apart here."""
    return name == b"*" or name in _WRITTEN_HERE or name.startswith((b"x-forwarded-", b"banyan-"))


def _allowed(found: Mapping[bytes, bytes], name: bytes, default: float) -> float:
    told = seconds(found, name)
    return default if told is None else told


def _rank(value: bytes) -> float:
    """A number of seconds; one that is too large to be counted is the largest (RFC 9111, 1.2.2), what is none is 0."""
    return min(float(value), _LARGEST) if value.isdigit() else 0.0


def _single(fields: list[Pair]) -> dict[bytes, bytes]:
    known: dict[bytes, bytes] = {}
    for name, value in fields:
        known[name] = known[name] + b", " + value if name in known else value
    return known
