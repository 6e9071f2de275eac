"""Asks instances, again and again, whether they can serve, and tells their balancers; one prober in each process.

Requests find out too, but each of them costs a client something, and one that hangs is found out late. It refuses to ask in
step with other facades: the first check of an instance comes anywhere within its interval, and each later one early or late.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable

from facade import fetch
from facade.balance import Member
from facade.failures import UpstreamError
from facade.upstreams import Upstreams, Watched

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.1
_LARGEST = 64 * 1024
_NEVER = float("inf")


class Schedule:
    """Which instances are to be checked when. Pure: times are passed in; `draw` gives numbers from [0, 1)."""

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw
        self._due: dict[Member, float] = {}

    def due(self, watched: Iterable[Watched], now: float) -> list[Watched]:
        """Those of all watched instances that are to be checked now. They are not due again before `done`."""
        known, self._due = self._due, {}
        ready = []
        for one in watched:
            at = known.get(one.member)
            at = now + self._draw() * one.health.interval if at is None else at
            if at <= now:
                ready.append(one)
            self._due[one.member] = at if at > now else _NEVER
        return ready

    def done(self, one: Watched, now: float) -> None:
        """This instance's check is over."""
        self._due[one.member] = now + one.health.interval * (0.75 + self._draw() / 2)


class Prober:
    """Checks the instances of `upstreams` as it is declared for them."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._schedule = Schedule(random.random)
        self._panicking: set[str] = set()

    async def run(self) -> None:
        """Check what is due until cancelled, as many instances at once as are due."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as checks:
            while True:
                for one in self._schedule.due(self._upstreams.watched(), loop.time()):
                    checks.create_task(self._check(one))
                self._tell_panics()
                await asyncio.sleep(_TICK_SECONDS)

    async def _check(self, one: Watched) -> None:
        fault = await _fault(one)
        now = asyncio.get_running_loop().time()
        self._schedule.done(one, now)
        if one.balancer.check(one.member, fault is None, now):
            news = "passes its checks again" if fault is None else f"fails its checks: {fault}"
            log.warning("%s of %s %s", one.pool.url, one.context, news)

    def _tell_panics(self) -> None:
        panicking = {context for context, panic in self._upstreams.panics().items() if panic}
        for context in panicking - self._panicking:
            log.error("all instances of %s fail their checks; they are asked all the same", context)
        for context in self._panicking - panicking:
            log.warning("not all instances of %s fail their checks any more", context)
        self._panicking = panicking


async def _fault(one: Watched) -> str | None:
    """What is wrong with an instance; None when it says that it can serve."""
    pool, health = one.pool, one.health
    lines = b"host: %b\r\n" % pool.netloc
    try:
        async with asyncio.timeout(health.timeout):
            found = await fetch.get(pool, health.path.encode(), lines, timeout=health.timeout, limit=_LARGEST)
    except TimeoutError:
        return f"it did not answer within {health.timeout:g} s"
    except UpstreamError as error:
        return str(error)
    return None if 200 <= found.status < 300 else f"it answered {found.status}"
