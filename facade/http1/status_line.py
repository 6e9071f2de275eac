"""The first line of an answer."""

import re
from http import HTTPStatus
from typing import Final

from facade.http1.grammar import BadHead

_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?")


def parse(line: bytes) -> tuple[int, int]:
    """The minor version and the status. Raises `BadHead`."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadHead("the status line is malformed")
    return int(match[1]), int(match[2])


_MADE: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def made(status: int) -> bytes:
    """The line that begins an answer with this status."""
    line = _MADE.get(status)
    return line if line is not None else b"HTTP/1.1 %d \r\n" % status
