"""What the facade asks of its upstreams and of Valkey on its own account, beside the requests that it carries."""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import cast

from chassis.tags import CHANNEL
from facade import decide, fetch
from facade.admission.priority import Priority
from facade.desk import Desk
from facade.exchange import Exchange
from facade.failures import BadAnswer
from facade.replay import NONE
from facade.reply import Reply
from facade.request import Request
from facade.responses import contract
from facade.responses.shared import Refetch
from facade.upstreams import Upstreams
from facade.valkey import Valkey, ValkeyError

_JWKS = b"/.well-known/jwks.json"
_LARGEST_JWKS = 256 * 1024
_LARGEST_ANSWER = 1024 * 1024


async def jwks(upstreams: Upstreams) -> bytes:
    """The issuer's keys. Raises `UpstreamError`."""
    pool = upstreams.monolith
    found = await fetch.get(pool, _JWKS, b"host: %b\r\n" % pool.netloc, timeout=2.0, limit=_LARGEST_JWKS)
    if found.status != 200:
        raise BadAnswer(f"the keys' address answered {found.status}")
    return found.body


def refetching(desk: Desk) -> Refetch:
    """What the cache calls to freshen an answer that it gave although it was stale. It goes the way of every request, in its turn
    behind those for which somebody waits, but it has a deadline of its own: its client has its answer.
    """

    async def refetch(request: contract.Request, lines: bytes) -> Reply:
        again = cast("Request", request).again  # the pipeline has no others
        route = desk.book.table.match(request.path)
        total = desk.guards.deadline(route.context if route is not None else "-").total
        own, decision = again(lines, monotonic() + total), decide.authority(route)
        own.mirror = False  # it may be older than what it would renew
        exchange = Exchange(desk, own, route, NONE, decision, priority=Priority.BACKGROUND)
        try:
            connection = await exchange.run()
            body = await fetch.whole(connection, exchange.patience, _LARGEST_ANSWER)
            return Reply(connection.status, list(connection.headers.passed), body)
        finally:
            exchange.finish()

    return refetch


def announcing(valkey: Valkey) -> Callable[[bytes], None]:
    """What the cache calls to tell the other workers of a change. One that cannot be told is told by the reconnection."""

    def announce(message: bytes) -> None:
        with suppress(ValkeyError):
            valkey.ask("PUBLISH", CHANNEL, message).add_done_callback(lambda told: told.cancelled() or told.exception())

    return announce
