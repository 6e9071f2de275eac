"""Which process runs on which processor: the peer that is measured has one of its own, everything else shares the rest.

On two processors the load generator, the upstream and Valkey share one, so a peer that is faster than these together
cannot be measured; `throughput.Sample.busy` tells how much of its own processor the peer used.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Seats:
    """Numbers of processors: the peer's, those of all others, and both together."""

    peer: frozenset[int]
    rest: frozenset[int]

    @classmethod
    def of(cls, processors: Iterable[int]) -> Self:
        """The last one to the peer: the first often serves interrupts. A single one is shared by all."""
        *rest, last = sorted(processors)
        return cls(frozenset({last}), frozenset(rest or {last}))

    @property
    def all(self) -> frozenset[int]:
        return self.peer | self.rest


@contextmanager
def sitting(processors: frozenset[int]) -> Iterator[None]:
    """This process, which makes the load, and what it starts meanwhile, on these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
