"""The last rounds before a hand-over, under the exclusive fence: until the queue of the context is empty."""

import time
from collections.abc import Callable

from chassis.replica import outbox
from migrations_tools.relay.rounds import Round

BATCH = 2_000


class NotDrained(Exception):
    """The queue did not become empty within the bound; the fence must be let go."""

    def __init__(self, context: str, pending: int, seconds: float) -> None:
        super().__init__(f"{pending} changes of {context} could not be applied to the other side within {seconds:g} s.")
        self.pending = pending


def drain(rounds: Round, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
    """Apply everything queued for the context and return how many aggregates that were. Raises `NotDrained`.

    "Nothing below the horizon" would not do: a stranger's long transaction holds the horizon back, and writes committed since
    would be left behind. Under the fence no writer of this context is active, so all that is queued is final.
    """
    deadline = clock() + seconds
    applied = 0
    while not outbox.is_empty(rounds.connection, rounds.context):
        if clock() > deadline:
            left = outbox.backlog(rounds.connection, rounds.context)
            raise NotDrained(rounds.context, left.pending, seconds)
        applied += rounds.run(limit=BATCH, final=True).applied
    return applied
