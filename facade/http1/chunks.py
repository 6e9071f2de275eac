"""The chunked transfer coding, read strictly (RFC 9112, section 7.1)."""

import re
from typing import Final

from facade.http1.grammar import BadHead, fields

_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?")
_LONGEST_SIZE_LINE: Final = 256
_LONGEST_TRAILERS: Final = 8 * 1024


class Chunks:
    """Takes a chunked body's bytes as they come. Extensions and trailers are read and left out.

    `complete` once the last chunk and the trailers are in; what follows them stays in `rest`.
    """

    __slots__ = ("_buffer", "_left", "_trailers", "complete", "rest")

    def __init__(self) -> None:
        self._buffer = b""
        self._left = 0  # bytes that the chunk still has, its CRLF included; 0 before a size line
        self._trailers = -1  # bytes of trailers so far; -1 before the last chunk
        self.complete = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The body's bytes in `data`. Raises `BadHead` for whatever is not the coding."""
        buffer = self._buffer + data if self._buffer else data
        parts: list[bytes] = []
        position = 0
        while not self.complete:
            if self._left:
                taken = self._chunk(buffer, position, parts)
                if taken == position:
                    break
                position = taken
                continue
            end = buffer.find(b"\r\n", position)
            if end < 0:
                if len(buffer) - position > _LONGEST_SIZE_LINE + 1 and self._trailers < 0:  # its CR may be there already
                    raise BadHead("the size of a chunk is malformed")
                break
            self._line(buffer[position:end])
            position = end + 2
        if self.complete:
            self.rest, self._buffer = buffer[position:], b""
        else:
            self._buffer = buffer[position:]
            if self._trailers >= 0 and self._trailers + len(self._buffer) > _LONGEST_TRAILERS:
                raise BadHead("the trailers are too long", 431)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _chunk(self, buffer: bytes, position: int, parts: list[bytes]) -> int:
        """Take what there is of the current chunk; the new position (unchanged: more is needed)."""
        data = min(self._left - 2, len(buffer) - position)
        if data > 0:
            parts.append(buffer[position : position + data])
            self._left -= data
            position += data
        if self._left == 2 and len(buffer) - position >= 2:
            if buffer[position : position + 2] != b"\r\n":
                raise BadHead("a chunk is longer than its size")
            self._left = 0
            position += 2
        return position

    def _line(self, line: bytes) -> None:
        if self._trailers >= 0:
            self._trailers += len(line) + 2
            if self._trailers > _LONGEST_TRAILERS:
                raise BadHead("the trailers are too long", 431)
            fields(line)
            self.complete = not line
            return
        match = _SIZE_LINE.fullmatch(line)
        if match is None or len(line) > _LONGEST_SIZE_LINE:
            raise BadHead("the size of a chunk is malformed")
        size = int(match[1], 16)
        if size:
            self._left = size + 2
        else:
            self._trailers = 0
