"""A second opinion: the same bytes, read by h11, which shares no line with ours.

It is asked about framing only: where a body ends, and what is left over for the next message.
"""

from dataclasses import dataclass

import h11


@dataclass(frozen=True)
class Reading:
    """How one message was read. `rest` is what follows it on the connection."""

    body: bytes
    rest: bytes
    head: h11.Request | h11.Response | None = None


class Refused(Exception):
    """The oracle does not take these bytes for a whole message."""


def request(data: bytes) -> Reading:
    """The first request of `data`. Raises `Refused`."""
    return _read(h11.Connection(h11.SERVER), data, ends=False)


def answer(data: bytes, *, method: str = "GET") -> Reading:
    """The first answer of `data`, after which the peer closes. Raises `Refused`."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    return _read(connection, data, ends=True)


def _read(connection: h11.Connection, data: bytes, *, ends: bool) -> Reading:
    try:
        connection.receive_data(data)
        if ends:
            connection.receive_data(b"")
        return _events(connection)
    except h11.RemoteProtocolError as error:
        raise Refused from error


def _events(connection: h11.Connection) -> Reading:
    head: h11.Request | h11.Response | None = None
    parts: list[bytes] = []
    while True:
        event = connection.next_event()
        if isinstance(event, (h11.Request, h11.Response)):
            head = event
        elif isinstance(event, h11.Data):
            parts.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            return Reading(b"".join(parts), connection.trailing_data[0], head)
        elif not isinstance(event, h11.InformationalResponse):
            raise Refused
