"""Where the writes of the request that is being served stand, at whichever side they were executed.

A request may write here and, through a gateway, at another side; its caller waits for both before it reads elsewhere. So the
client notes what the sides that it calls answer, and the answer to the request carries all of it:
`Banyan-Position: users=4:1007,orders=1:2210`, per context an epoch and a transaction id. Outside a request nothing is kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "Banyan-Position"

Position = tuple[int, int]
"""(epoch, transaction id); the greater one is later."""

_noted: ContextVar[dict[str, Position] | None] = ContextVar("banyan_positions", default=None)


@contextmanager
def noting() -> Iterator[dict[str, Position]]:
    """What is noted inside, by context."""
    noted: dict[str, Position] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def note(header: str | None) -> None:
    """Take in a `Banyan-Position` header; of two positions of a context the later one stays. Raises ValueError for other text."""
    noted = _noted.get()
    if noted is None or not header:
        return
    for part in header.split(","):
        context, _, text = part.strip().partition("=")
        epoch, _, xid = text.partition(":")
        position = int(epoch), int(xid)
        noted[context] = max(position, noted.get(context, position))


def written(noted: dict[str, Position]) -> str:
    """The header's value."""
    return ",".join(f"{context}={epoch}:{xid}" for context, (epoch, xid) in sorted(noted.items()))
