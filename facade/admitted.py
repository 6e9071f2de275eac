"""An exchange in its turn: when there is room for it, by which is also learnt how much room there is."""

from time import monotonic

from facade import verdicts
from facade.admission.admission import Priority
from facade.exchange import Exchange
from facade.problems import Problem
from facade.upstream import Connection, UpstreamError


async def admitted(exchange: Exchange, priority: Priority) -> Connection:
    """Have the exchange begin when there is room, and learn from how long its answer took. Raises as `Exchange.run` does, and the
    503 `Problem` when there is none.
    """
    request, admission = exchange.request, exchange.desk.admission
    if not request.body_complete:  # a long upload takes its client's time; the bulkhead bounds how many there are
        return await exchange.run()
    waiting = admission.acquire(priority, request.deadline)
    if waiting is not None:
        await waiting
    began, latency, ok = monotonic(), None, True
    try:
        connection = await exchange.run()
        latency, ok = monotonic() - began, connection.status not in verdicts.GATEWAY_FAILURES
    except (Problem, UpstreamError):
        latency, ok = monotonic() - began, False
        raise
    finally:
        admission.release(latency, ok=ok)
    return connection
