"""The list of living instances, and the order to drain, for tools that may wait: a restart, an operator.

It refuses to say that an order was obeyed when it has not seen it: `drain` returns who has not.
"""

import time
from typing import Any

import valkey

from chassis.registry.record import ORDER_PREFIX, READ, Instance, State

_ORDER_SECONDS = 60
_POLL_SECONDS = 0.05


def living(client: valkey.Valkey, context: str | None = None) -> list[Instance]:
    """All instances with a heartbeat, or those of one context, the oldest first. Raises `valkey.ValkeyError`, `InvalidRecord`."""
    records: Any = client.eval(READ, 0)
    found = (Instance.decode(record) for record in records)
    return sorted((one for one in found if context in (None, one.context)), key=lambda one: (one.started, one.id))


def drain(client: valkey.Valkey, url: str, seconds: float) -> list[Instance]:
    """Order every instance at this address to drain and wait until all say so; those that have not within so many seconds.

    Raises `valkey.ValkeyError`, `InvalidRecord`.
    """
    url = url.rstrip("/")
    ordered = [one for one in living(client) if one.url == url]
    for one in ordered:
        client.set(ORDER_PREFIX + one.id, "1", ex=_ORDER_SECONDS)
    names = {one.id for one in ordered}
    deadline = time.monotonic() + seconds
    while late := [one for one in living(client) if one.id in names and one.state is not State.DRAINING]:
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    return late
