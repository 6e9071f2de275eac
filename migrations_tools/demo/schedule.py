"""When each request is due: an open-loop arrival schedule.

Arrivals do not wait for answers, and latency counts from the due time, so a pause of the system shows in every request that fell
into it. (A closed loop stops asking while it waits, and so hides the pause: "coordinated omission", Gil Tene.)
"""

import random
from collections.abc import Iterator


def arrivals(rate: float, seed: int) -> Iterator[float]:
    """Due times in seconds from the start, without end: one in each slot of 1/rate seconds, at a random point of its slot.

    So every second holds `rate` requests to within one, and yet they never beat in time with anything in the system.
    Raises ValueError for a rate that is not positive.
    """
    if rate <= 0:
        raise ValueError(f"a rate of {rate} requests/s is no schedule")
    return _slots(1 / rate, random.Random(seed))  # noqa: S311 - it must be repeatable, not secret


def _slots(width: float, dice: random.Random) -> Iterator[float]:
    slot = 0
    while True:
        yield (slot + dice.random()) * width
        slot += 1
