"""What is still true of an answer whose bytes are not the upstream's: no length, part or digest of them, and no strong tag.

A strong entity tag stands for the very bytes (RFC 9110, 8.8.1), and a 304 has the tag that its 200 would have (15.4.5); else a
cache does not know which of its answers is meant (RFC 9111, 4.3.4).
"""

import re
from collections.abc import Collection

from facade.http1.grammar import Pair

_OF_THE_BYTES = frozenset({b"content-length", b"accept-ranges", b"content-md5", b"digest", b"content-digest", b"repr-digest"})
_TAG = re.compile(rb'(?:W/)?"[^"]*"')


def fields(told: list[Pair]) -> list[Pair]:
    """These fields, for the altered answer."""
    return _altered(told, ())


def unmodified(told: list[Pair], if_none_match: bytes) -> list[Pair]:
    """These fields, for a 304 whose 200 may be altered. A tag stays strong where the client names it so, and not weakly beside:
    it was given to it for bytes that were left as they were.
    """
    return _altered(told, _TAG.findall(if_none_match))


def _altered(told: list[Pair], named: Collection[bytes]) -> list[Pair]:
    return [(name, _weak(value, named) if name == b"etag" else value) for name, value in told if name not in _OF_THE_BYTES]


def _weak(tag: bytes, named: Collection[bytes]) -> bytes:
    weak = b"W/" + tag.removeprefix(b"W/")
    return tag if tag in named and weak not in named else weak
