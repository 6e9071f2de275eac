"""What upstreams are told of a request beside its own header: who asked, how, and by which name it can be found again."""

import os
from typing import Final

from facade.headers import Inbound


class Onward:
    """The header lines that upstreams get of one client's requests: its own that are passed, and who asked. `trust`: what the
    client says of those before it is kept.

    A client repeats itself, so what was made for its last header is remembered.
    """

    __slots__ = ("_client", "_found", "_host", "_made", "_passed", "_scheme", "_trust")

    def __init__(self, client: bytes, *, trust: bool) -> None:
        self._client = client
        self._trust = trust
        self._made = self._passed = self._host = self._scheme = b""
        self._found: Inbound | None = None

    def lines(self, found: Inbound, passed: bytes, host: bytes, scheme: bytes) -> bytes:
        """Of a request with this header; `passed` is what stages have left of its lines."""
        if found is self._found and passed is self._passed and host is self._host and scheme is self._scheme:
            return self._made
        self._found, self._passed, self._host, self._scheme = found, passed, host, scheme
        chain, address = self._client, self._client
        if self._trust and found.forwarded_for:
            chain = b"%b, %b" % (found.forwarded_for, self._client)
            address = found.forwarded_for.rpartition(b",")[2].strip()
        shown = b'"[%b]"' % address if b":" in address else address
        self._made = (
            b'%bx-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\nforwarded: for=%b;proto=%b;host="%b"\r\n'
            % (passed, chain, scheme, host, shown, scheme, host)
        )
        return self._made


def identify(found: Inbound) -> tuple[bytes, bytes]:
    """The request's id and its `traceparent` (W3C Trace Context): the caller's own, or new ones that share a number."""
    if found.request_id and found.trace:
        return found.request_id, found.trace
    number = _ids.next()
    trace_id = _ids.prefix + number
    return found.request_id or trace_id, found.trace or b"00-%b-%b-00" % (trace_id, number)


class _Ids:
    """What tells requests apart: numbers of sixteen digits behind a prefix of this process. Worker processes are forked, and each
    draws its own.
    """

    __slots__ = ("_at", "_drawn", "prefix")

    def __init__(self) -> None:
        self._at = 0
        self.draw()
        os.register_at_fork(after_in_child=self.draw)

    def draw(self) -> None:
        """Make a new prefix, and a store of numbers: many at once, for each is a call of the system."""
        self.prefix = os.urandom(8).hex().encode()
        self._refill()

    def next(self) -> bytes:
        """A number that was not given before, but for a chance of one in 2 to the 64th."""
        at = self._at
        if at == len(self._drawn):
            self._refill()
            at = 0
        self._at = at + 16
        return self._drawn[at : at + 16]

    def _refill(self) -> None:
        self._drawn = os.urandom(8 * 512).hex().encode()
        self._at = 0


_ids: Final = _Ids()
