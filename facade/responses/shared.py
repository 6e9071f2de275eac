"""What the cached routes of one worker share: the answers, the fetches under way, and how both learn of a purge.

It refuses to keep an answer whose fetch began before a purge or a write that may concern it: such a fetch is tainted.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from typing import Any, Protocol

import orjson

from facade.responses.asking import Asking, Flight
from facade.responses.contract import Reply, Request
from facade.responses.store import Key, Store, Stored

log = logging.getLogger(__name__)

_MOST_REMEMBERED = 10_000


class Refetch(Protocol):
    """Asks the upstream again, while nobody waits for it."""

    def __call__(self, request: Request, lines: bytes) -> Awaitable[Reply]:
        """The whole answer to a GET of the same target; `lines` are passed on instead of the client's. Raises any `Exception`
        without one.
        """


class Cache:
    """What the cached routes of one worker share. `announce` is given the message by which other workers learn of a write."""

    def __init__(
        self,
        room: int,
        most: int,
        *,
        refetch: Refetch | None = None,
        announce: Callable[[bytes], None] | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`room` in bytes, `most` in answers; `now` is monotonic, `wall` since the epoch, both in seconds."""
        self.store = Store(room, most)
        self.refetch = refetch
        self.now = now
        self.wall = wall
        self.flights: dict[Key, Flight] = {}
        self.under_way: dict[int, Asking] = {}
        self.counts: Counter[str] = Counter()
        self._announce = announce
        self._all: set[Flight] = set()
        self._passed: OrderedDict[Key, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- purging

    def purged(self, message: bytes) -> int:
        """Take a message of the purge channel: `{"tags": […], "prefixes": […], "paths": […]}`; how many answers went.

        What is no such message is logged and purges nothing.
        """
        try:
            raw = orjson.loads(message)
            tags, prefixes, paths = (_texts(raw.get(name, ())) for name in ("tags", "prefixes", "paths"))
        except (ValueError, AttributeError) as error:
            log.warning("a purge was not understood: %s", error)
            return 0
        return self.drop(tags, prefixes, paths)

    def drop(self, tags: Collection[str] = (), prefixes: Collection[str] = (), paths: Collection[str] = ()) -> int:
        """Forget what is kept with these tags, below these prefixes, of these paths; how many answers those were."""
        for flight in self._all:
            flight.tainted = flight.tainted or bool(tags) or _concerns(flight.paths, prefixes, paths)
        gone = self.store.drop_tags(tag.encode() for tag in tags)
        gone += sum(map(self.store.drop_prefix, prefixes))
        return gone + sum(map(self.store.drop_path, paths))

    def heard(self, message: bytes) -> None:
        """Take a message of the purge channel, as a subscriber hands it on."""
        self.counts["purged"] += self.purged(message)

    async def reconnected(self) -> None:
        """The purge channel is heard again: what was purged meanwhile nobody knows, so everything goes."""
        for flight in self._all:
            flight.tainted = True
        self.store.clear()

    def written(self, paths: Iterable[str]) -> None:
        """A write to these paths was acknowledged (RFC 9111, 4.4): what is kept of them is history, here and in other workers."""
        named = tuple(dict.fromkeys(paths))
        message = orjson.dumps({"paths": named})
        self.purged(message)
        if self._announce is not None:
            self._announce(message)

    # ---- fetches under way

    def begin(self, ask: Asking, *, lead: bool) -> None:
        """A fetch begins; with `lead` others may wait for it."""
        ask.flight.paths = ask.paths
        self._all.add(ask.flight)
        if lead:
            ask.leads = True
            self.flights[ask.key] = ask.flight

    def end(self, ask: Asking) -> None:
        """It is over; whoever waits looks for its answer now."""
        self._all.discard(ask.flight)
        if ask.leads:
            if self.flights.get(ask.key) is ask.flight:
                del self.flights[ask.key]
            ask.flight.land()

    def passes(self, key: Key) -> bool:
        """Whether the last answer for this key could not be kept, so that waiting for one is in vain."""
        until = self._passed.get(key)
        return until is not None and self.now() < until

    def keep(self, stored: Stored) -> None:
        """Keep an answer."""
        self.store.put(stored)
        self._passed.pop(stored.key, None)

    def pass_by(self, key: Key, seconds: float) -> None:
        """Remember that."""
        self._passed[key] = self.now() + seconds
        self._passed.move_to_end(key)
        if len(self._passed) > _MOST_REMEMBERED:
            self._passed.popitem(last=False)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine beside the requests."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End the refetches under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _concerns(of: tuple[str, ...], prefixes: Collection[str], paths: Collection[str]) -> bool:
    return any(path in paths or any(map(path.startswith, prefixes)) for path in of)


def _texts(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, (list, tuple)) or not all(isinstance(text, str) for text in raw):
        raise ValueError("lists of texts are expected")
    return tuple(raw)
