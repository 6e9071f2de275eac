"""A server in simulated time: so many requests at once, the others queue there."""

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

from facade.admission.adaptive import AdaptiveLimit


@dataclass
class Phase:
    """What happened in a part of a simulation: `limits` at each arrival, `latencies` in seconds."""

    arrived: int = 0
    served: int = 0
    limits: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


class Server:
    """`units` requests at once, `seconds` each give or take a fifth. What the limit has no room for is dropped."""

    def __init__(self, limit: AdaptiveLimit, units: int, seconds: float) -> None:
        self.limit, self.units, self.seconds = limit, units, seconds
        self.now = 0.0
        self._chance = random.Random(3)
        self._queue: deque[float] = deque()
        self._ends: list[tuple[float, float]] = []
        self._next = 0.0

    @property
    def in_flight(self) -> int:
        return len(self._queue) + len(self._ends)

    def run(self, duration: float, rate: float, *, failing: float = 0.0) -> Phase:
        """`rate` arrivals a second; the share `failing` of the answers is an error."""
        phase, until = Phase(), self.now + duration
        self._next = self.now
        while self.now < until:
            if self._ends and self._ends[0][0] <= self._next:
                self._answer(phase, failing)
            else:
                self._arrive(phase, rate)
        return phase

    def _arrive(self, phase: Phase, rate: float) -> None:
        self.now = self._next
        self._next += self._chance.expovariate(rate)
        phase.arrived += 1
        phase.limits.append(self.limit.limit)
        if self.in_flight < self.limit.limit:
            self._queue.append(self.now)
            self._start()

    def _start(self) -> None:
        while self._queue and len(self._ends) < self.units:
            takes = self.seconds * self._chance.uniform(0.8, 1.2)
            heapq.heappush(self._ends, (self.now + takes, self._queue.popleft()))

    def _answer(self, phase: Phase, failing: float) -> None:
        busy = self.in_flight
        self.now, begun = heapq.heappop(self._ends)
        latency = self.now - begun
        phase.latencies.append(latency)
        phase.served += 1
        self.limit.sample(self.now, latency, busy, ok=self._chance.random() >= failing)
        self._start()
