"""What the facade asks of its upstreams and of Valkey on its own account, beside the requests that it carries."""

from collections.abc import Callable
from contextlib import suppress

from chassis.tags import CHANNEL
from facade import decide, fetch
from facade.desk import Desk
from facade.failures import BadAnswer, Unreachable
from facade.reply import Reply
from facade.responses.shared import Question, Refetch
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
    """What the cache calls to freshen an answer that it gave although it was stale."""

    async def refetch(question: Question) -> Reply:
        route = desk.book.table.match(question.path)
        side = decide.authority(route).side
        pool = desk.upstreams.pick(side, route)
        if pool is None:
            raise Unreachable("no address of the service is known")
        lines = b"host: %b\r\n%b%b" % (question.host or pool.netloc, question.lines, desk.callers.to(side, route))
        timeout = desk.guards.timeouts(route.context if route is not None else "-").read
        got = await fetch.get(pool, question.target, lines, timeout=timeout, limit=_LARGEST_ANSWER)
        return Reply(got.status, list(got.headers.passed), got.body)

    return refetch


def announcing(valkey: Valkey) -> Callable[[bytes], None]:
    """What the cache calls to tell the other workers of a change. One that cannot be told is told by the reconnection."""

    def announce(message: bytes) -> None:
        with suppress(ValkeyError):
            valkey.ask("PUBLISH", CHANNEL, message).add_done_callback(lambda told: told.cancelled() or told.exception())

    return announce
