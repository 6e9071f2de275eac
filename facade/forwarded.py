"""A request as an upstream gets it: its line, its header with what the facade vouches for, and what is at hand of its body."""

from typing import Final

from facade.decide import Decision
from facade.desk import Desk
from facade.onward import Onward
from facade.replay import Body
from facade.request import Request
from facade.routes import Route

_UPGRADE: Final = b"connection: upgrade\r\nupgrade: websocket\r\n"
_REPLICA_MARK: Final = b"banyan-read: replica\r\n"


def lines(desk: Desk, request: Request) -> bytes:
    """The header lines that every attempt sends."""
    client = request.client
    onward = client.onward
    if onward is None:
        onward = client.onward = Onward(client.address, trust=desk.settings.trust_forwarded)
    known = onward.lines(request.inbound, request.passed, request.host, request.scheme)
    return b"%bx-request-id: %b\r\ntraceparent: %b\r\n%b" % (
        known, request.request_id, request.trace, b"".join(request.extra) if request.extra else b"",
    )  # fmt: skip


def head(
    desk: Desk, request: Request, body: Body, decision: Decision, *, route: Route | None, netloc: bytes, time_left: bytes
) -> bytes:
    """All that is sent at first. `netloc` is the instance's, `time_left` a header line."""
    return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b%b%b%b%b" % (
        request.method.encode(), request.target, request.host or netloc,
        lines(desk, request), time_left, desk.callers.to(decision.side, route),
        _REPLICA_MARK if decision.replica else b"", _UPGRADE if request.websocket else b"", body.head(),
    )  # fmt: skip
