"""What a head may look like, byte by byte; RFC 9112 without its leniencies, and the limits of this entrance."""

import re
from collections.abc import Iterable
from typing import Final

Pair = tuple[bytes, bytes]

LONGEST_LINE: Final = 8 * 1024
LONGEST_HEAD: Final = 32 * 1024
MOST_FIELDS: Final = 100
MAX_LENGTH_DIGITS: Final = 18

_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++):[ \t]*+([^\x00-\x08\x0a-\x1f\x7f]*+)")
"""A field line: a token, at once a colon, and a value without control characters (HTAB excepted).

Nothing in it is tried twice: a line of 32 KiB of blanks that ends badly would else take seconds.
"""

HOST: Final = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
"""A host and its port, as they may stand in the field and in an absolute target."""


class BadHead(ValueError):
    """A head that is not the protocol's. `status` is what a server answers to it."""

    def __init__(self, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


def lines(block: bytes) -> list[bytes]:
    """The lines of a head without its first one. Raises `BadHead` for too many."""
    if not block:
        return []
    found = block.split(b"\r\n")
    if len(found) > MOST_FIELDS:
        raise BadHead(f"more than {MOST_FIELDS} header fields", 431)
    return found


def field(line: bytes) -> Pair:
    """A field; the name in lower case, the value without the blanks around it.

    Raises `BadHead` for folded lines, blanks before the colon, control characters, and bare CR or LF.
    """
    match = _FIELD.fullmatch(line)
    if match is None:
        raise BadHead("a header field is malformed")
    name, value = match.groups()
    return name.lower(), value.rstrip(b" \t")


def fields(block: bytes) -> list[Pair]:
    """All fields of a head without its first line. Raises `BadHead`."""
    return [field(line) for line in lines(block)]


def length_of(values: list[bytes]) -> int | None:
    """The content length that these fields declare; None without one. Raises `BadHead` unless there is at most one."""
    if not values:
        return None
    value = values[0]
    if len(values) > 1 or not value.isdigit() or len(value) > MAX_LENGTH_DIGITS:
        raise BadHead("the content length is not one number")
    return int(value)


def tokens(values: Iterable[bytes]) -> frozenset[bytes]:
    """The comma-separated tokens of a field, in lower case."""
    return frozenset(token.strip().lower() for value in values for token in value.split(b",")) - {b""}
