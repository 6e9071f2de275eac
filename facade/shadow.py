"""Compares what the two sides answer to the same read, after the client has its answer.

The side with authority has answered; the other is asked the same as a replica. A difference counts only when it
survives three further questions to both, for data moves on. It refuses to cost the client anything: the queue and the
number of comparisons at once are bounded, and what does not fit is counted and forgotten.
"""

import asyncio
import logging
import random
from collections import Counter, deque
from dataclasses import dataclass

import orjson

from facade import fetch
from facade.compare import Answer, Difference, Noise, differences, shape_of
from facade.decide import OTHER, Freshness
from facade.desk import Desk
from facade.failures import UpstreamError
from facade.fetch import Fetched
from facade.routes import Route
from facade.valkey import Valkey, ValkeyError
from migrations_tools.phases import Owner

log = logging.getLogger(__name__)

_TIMEOUT = 5.0
_LARGEST = 64 * 1024
_ASK_AGAIN_AFTER = (0.2, 0.5, 1.5)
"""Seconds. A replica that is behind is no difference, and one false difference would close the gate for a thousand reads."""
_FLUSH_SECONDS = 1.0
_SAMPLES = 50
_SAMPLE_DIFFERENCES = 10


class _NotComparable(Exception):
    """The two answers cannot be held against each other; `field` is the count that it goes to, if any."""

    def __init__(self, field: str | None) -> None:
        self.field = field


@dataclass(frozen=True, slots=True)
class Sample:
    """A read that the authority has answered, and how to ask it again."""

    route: Route
    path: str
    target: bytes
    lines: bytes
    who: str
    status: int
    body: bytes
    answered_by: Owner


class Shadow:
    """The queue of samples, the workers that compare them, and the counts, told to Valkey once a second."""

    def __init__(self, desk: Desk, valkey: Valkey | None) -> None:
        self._desk = desk
        self._valkey = valkey
        self._queue: asyncio.Queue[Sample] = asyncio.Queue(desk.settings.shadow_queue)
        self._noise = Noise()
        self._random = random.Random()  # noqa: S311 a share of the samples, no secret
        self._counts: dict[str, Counter[str]] = {}
        self._samples: dict[str, deque[bytes]] = {}

    def wants(self, route: Route) -> bool:
        """Whether this read is one of the share that is compared."""
        return self._random.random() * 100 < route.shadow_percent

    def submit(self, sample: Sample) -> None:
        """Leave a sample for comparison, or drop and count it when too many wait."""
        try:
            self._queue.put_nowait(sample)
        except asyncio.QueueFull:
            self._desk.metrics.event(sample.route.context, "shadow_dropped")

    async def work(self) -> None:
        """Compare one sample after another until cancelled."""
        while True:
            sample = await self._queue.get()
            counts = self._counts.setdefault(sample.route.context, Counter())
            try:
                await self._compare(sample, counts)
            except RecursionError:
                self._desk.metrics.event(sample.route.context, "shadow_skipped")  # JSON nested too deeply to be walked
            except _NotComparable as reason:
                if reason.field is None:
                    self._desk.metrics.event(sample.route.context, "shadow_skipped")
                else:
                    counts["compared"] += 1
                    counts[reason.field] += 1

    async def tell(self) -> None:
        """Add the counts and samples to Valkey's, once a second until cancelled; kept while it is away."""
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            if self._valkey is None or not self._valkey.connected:
                continue
            try:
                for context in list(self._counts):
                    await self._tell(self._valkey, context)
            except ValkeyError as error:
                log.info("shadow results could not be told: %s", error)

    async def _tell(self, valkey: Valkey, context: str) -> None:
        """The samples first: whoever sees a mismatch counted finds where it is."""
        counts = self._counts[context]
        key = f"banyan:shadow:{context}"
        if samples := self._samples.pop(context, None):
            await valkey.ask("LPUSH", f"{key}:samples", *samples)
            await valkey.ask("LTRIM", f"{key}:samples", "0", str(_SAMPLES - 1))
        for name, count in list(counts.items()):
            await valkey.ask("HINCRBY", key, name, str(count))
            counts[name] -= count  # the comparisons under way go on counting here
        counts += Counter()  # forgets the zeroes

    async def _compare(self, sample: Sample, counts: Counter[str]) -> None:
        route, shape = sample.route, shape_of(sample.path)
        old = _answer(sample.status, sample.body)
        if await self._desk.positions.freshness(route.context, sample.who) is not Freshness.CAUGHT_UP:
            raise _NotComparable(None)
        found = differences(old, await self._candidate(sample))
        if self._random.random() < self._desk.settings.shadow_noise_share:
            self._noise.learn(shape, differences(old, await self._authority(sample)))
        remaining = self._without_noise(shape, found, counts)
        if remaining:
            remaining = await self._ask_again(sample, old, shape)
        counts["compared"] += 1
        counts["mismatched" if remaining else "matched"] += 1
        if remaining:
            self._keep(sample, remaining)

    async def _ask_again(self, sample: Sample, old: Answer, shape: str) -> list[Difference]:
        """The differences that remain however often both are asked, without those in which the old side differs from
        its own earlier answer.
        """
        remaining: list[Difference] = []
        for pause in _ASK_AGAIN_AFTER:
            await asyncio.sleep(pause)
            before, old = old, await self._authority(sample)
            moved = differences(before, old)
            self._noise.learn(shape, moved)
            unsteady = {difference.pointer for difference in moved}
            found = differences(old, await self._candidate(sample))
            remaining = [d for d in found if d.pointer not in unsteady and not self._noise.covers(shape, d.pointer)]
            if not remaining:
                break
        return remaining

    def _without_noise(self, shape: str, found: list[Difference], counts: Counter[str]) -> list[Difference]:
        remaining = [d for d in found if not self._noise.covers(shape, d.pointer)]
        if ignored := len(found) - len(remaining):
            counts["noise"] += ignored
        return remaining

    async def _candidate(self, sample: Sample) -> Answer:
        try:
            return await self._ask(sample, OTHER[sample.answered_by], b"banyan-read: replica\r\n")
        except UpstreamError as error:
            raise _NotComparable("failed") from error

    async def _authority(self, sample: Sample) -> Answer:
        try:
            return await self._ask(sample, sample.answered_by, b"")
        except UpstreamError as error:
            raise _NotComparable(None) from error

    async def _ask(self, sample: Sample, side: Owner, mark: bytes) -> Answer:
        pool = self._desk.upstreams.pick(side, sample.route)
        if pool is None:
            raise _NotComparable("failed")
        lines = sample.lines + self._desk.callers.to(side, sample.route) + mark
        fetched: Fetched = await fetch.get(pool, sample.target, lines, timeout=_TIMEOUT, limit=_LARGEST)
        return _answer(fetched.status, fetched.body)

    def _keep(self, sample: Sample, found: list[Difference]) -> None:
        told = [{"pointer": d.pointer, "old": d.old, "new": d.new} for d in found[:_SAMPLE_DIFFERENCES]]
        kept = self._samples.setdefault(sample.route.context, deque(maxlen=_SAMPLES))
        kept.append(orjson.dumps({"path": sample.path, "differences": told}))


def _answer(status: int, body: bytes) -> Answer:
    if not body:
        return Answer(status, None)
    try:
        return Answer(status, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise _NotComparable(None) from error
