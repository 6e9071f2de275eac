"""A gateway's door, clients before it and an upstream behind it, in made-up time: the same each time, and quick."""

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from facade.admission.adaptive import AdaptiveLimit, Tuning
from facade.admission.door import Door, Full, Waiter
from facade.admission.lag import Lag
from facade.admission.priority import Priority
from facade.resilience import declared
from tests.unit.facade.admission.clock import MadeUpLoop

_DEADLINE = 5.0


@dataclass
class Seen:
    """What became of requests: `latencies` of the upstream and `limits`, twenty a second, beside the counts."""

    answered: Counter[Priority] = field(default_factory=Counter)
    failed: Counter[Priority] = field(default_factory=Counter)
    refused: Counter[Priority] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)

    def share(self, priority: Priority) -> float:
        """How much of it was answered."""
        return self.answered[priority] / (self.answered[priority] + self.refused[priority])

    def middle(self) -> float:
        return sorted(self.latencies)[len(self.latencies) // 2]


class Upstream:
    """Works on `units` requests at once, `seconds` each in the mean; the others stand in line. `patience`: so many may, and
    further ones are refused at once. `failing`: a share that fails in any case. `spread` draws a factor for the time of each.
    """

    def __init__(self, loop: MadeUpLoop, units: int, seconds: float, chance: random.Random) -> None:
        self.loop, self.units, self.seconds = loop, units, seconds
        self.failing, self.patience = 0.0, 1 << 30
        self.spread: Callable[[], float] = partial(chance.uniform, 0.8, 1.2)
        self._chance = chance
        self._line: deque[Callable[[bool], None]] = deque()
        self._busy = 0

    def ask(self, answer: Callable[[bool], None]) -> None:
        if len(self._line) >= self.patience:
            self.loop.call_later(0.001, answer, False)
        else:
            self._line.append(answer)
            self._work()

    def _work(self) -> None:
        while self._line and self._busy < self.units:
            self._busy += 1
            self.loop.call_later(self.seconds * self.spread(), self._end, self._line.popleft())

    def _end(self, answer: Callable[[bool], None]) -> None:
        self._busy -= 1
        self._work()
        answer(self._chance.random() >= self.failing)


class World:
    """`work`: seconds of the gateway's own processor for each half of a request. Chance is drawn from `seed`."""

    def __init__(
        self, units: int, seconds: float, *, work: float = 0.0, seed: int = 1, bulkhead: declared.Bulkhead | None = None
    ) -> None:
        self.loop = MadeUpLoop()
        self.chance = random.Random(seed)
        self.upstream = Upstream(self.loop, units, seconds, self.chance)
        self.seen = Seen()
        self._work = work
        self._rates: dict[Priority, float] = {}
        self._bulkhead = bulkhead or declared.Bulkhead()
        self.loop.run_until_complete(self._open())

    async def _open(self) -> None:
        self.lag, numbers = Lag(), self._bulkhead
        tuning = Tuning(least=numbers.least, most=numbers.most, tolerated=numbers.tolerated)
        self.limit = AdaptiveLimit(tuning, self.loop.time(), lambda: self.lag.longest)
        self.door = Door(numbers, self.limit)

    def come(self, priority: Priority, rate: float) -> None:
        """From now on so many requests a second, whatever becomes of those before."""
        self._rates[priority] = rate
        if rate:
            self.loop.call_later(self.chance.expovariate(rate), self._arrive, priority, rate)

    def clients(self, number: int) -> None:
        """So many clients who ask again as soon as they are answered."""
        for _ in range(number):
            self.loop.call_soon(self._again)

    def ask(self, priority: Priority, then: Callable[[], None] | None = None) -> None:
        self.loop.spend(self._work)
        try:
            waiter = self.door.enter(priority, self.loop.time() + _DEADLINE)
        except Full:
            self._over(self.seen.refused, priority, then)
            return
        if waiter is None:
            self._send(priority, then)
        else:
            waiter.add_done_callback(partial(self._waited, priority, then))

    def run(self, seconds: float) -> Seen:
        """Let time pass; what became of requests in it."""
        self.seen = Seen()
        self._watch(self.loop.time() + seconds)
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()
        return self.seen

    def close(self) -> None:
        self.lag.stop()
        self.loop.close()

    def _watch(self, until: float) -> None:
        self.seen.limits.append(self.limit.limit)
        if self.loop.time() < until:
            self.loop.call_later(0.05, self._watch, until)

    def _arrive(self, priority: Priority, rate: float) -> None:
        if self._rates[priority] == rate:
            self.ask(priority)
            self.loop.call_later(self.chance.expovariate(rate), self._arrive, priority, rate)

    def _again(self) -> None:
        self.ask(Priority.NORMAL, self._again)

    def _waited(self, priority: Priority, then: Callable[[], None] | None, waiter: Waiter) -> None:
        if waiter.result():
            self._send(priority, then)
        else:
            self._over(self.seen.refused, priority, then)

    def _send(self, priority: Priority, then: Callable[[], None] | None) -> None:
        """What is written in a turn of the loop leaves at its end."""
        answer = partial(self._arrived, priority, then, self.loop.time())
        self.loop.call_soon(self.upstream.ask, answer)

    def _arrived(self, priority: Priority, then: Callable[[], None] | None, begun: float, ok: bool) -> None:
        """What has arrived is read in the next turn."""
        self.loop.call_soon(self._answered, priority, then, begun, ok)

    def _answered(self, priority: Priority, then: Callable[[], None] | None, begun: float, ok: bool) -> None:
        self.loop.spend(self._work)
        now = self.loop.time()
        self.door.answered(now, now - begun, ok)
        self.door.leave()
        self.seen.latencies.append(now - begun)
        self._over(self.seen.answered if ok else self.seen.failed, priority, then)

    def _over(self, kind: Counter[Priority], priority: Priority, then: Callable[[], None] | None) -> None:
        kind[priority] += 1
        if then is not None:
            self.loop.call_soon(then)
