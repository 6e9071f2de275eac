"""The run in numbers: latency and throughput in short bins, the mix, and what the writes around a switch felt."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migrations_tools.demo.record import Drained, Ended, Entry, Opened, Outcome

BIN = 0.25
AROUND = 4


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of some requests, in milliseconds from when each was due."""

    count: int
    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, ended: Sequence[Ended]) -> "Latencies":
        took = sorted(entry.took * 1000 for entry in ended)
        if not took:
            return cls(0, 0.0, 0.0, 0.0)
        return cls(len(took), _quantile(took, 0.5), _quantile(took, 0.99), took[-1])


@dataclass(frozen=True, slots=True)
class Bin:
    """The requests that were due within `BIN` seconds from `at` (Unix seconds). They are too few to have a 99th percentile, so
    `p99_around` is that of the `AROUND` bins before and after as well."""

    at: float
    latencies: Latencies
    failed: int
    p99_around: float


@dataclass(frozen=True, slots=True)
class Share:
    """One operation of the mix."""

    op: str
    latencies: Latencies
    refused: int
    failed: int
    stale: int


def scheduled(entries: Iterable[Entry]) -> list[Ended]:
    """The requests of the schedule, by due time: without the customers who signed in before it, and the last look after it."""
    ended: list[Ended] = []
    open_from, open_until = float("inf"), float("inf")
    for entry in entries:
        match entry:
            case Opened():
                open_from = min(entry.at, open_from)
            case Drained():
                open_until = entry.at
            case Ended():
                ended.append(entry)
            case _:
                pass
    return sorted((e for e in ended if open_from <= e.at < open_until), key=lambda e: e.at)


def bins(ended: Sequence[Ended], width: float = BIN) -> list[Bin]:
    """One bin after the other from the first request on, empty ones too."""
    if not ended:
        return []
    begin = ended[0].at
    filled: defaultdict[int, list[Ended]] = defaultdict(list)
    for entry in ended:
        filled[int((entry.at - begin) / width)].append(entry)
    return [_bin(begin + number * width, filled, number) for number in range(max(filled) + 1)]


def _bin(at: float, filled: defaultdict[int, list[Ended]], number: int) -> Bin:
    around = [entry for near in range(number - AROUND, number + AROUND + 1) for entry in filled.get(near, ())]
    own = filled.get(number, [])
    return Bin(at, Latencies.of(own), sum(entry.failed for entry in own), Latencies.of(around).p99)


def mix(ended: Sequence[Ended]) -> list[Share]:
    """Each operation that occurred, the most frequent first."""
    by_op: defaultdict[str, list[Ended]] = defaultdict(list)
    for entry in ended:
        by_op[entry.op].append(entry)
    return [
        Share(
            op,
            Latencies.of(some),
            refused=sum(entry.outcome is Outcome.REFUSED for entry in some),
            failed=sum(entry.failed for entry in some),
            stale=sum(bool(entry.missing) for entry in some),
        )
        for op, some in sorted(by_op.items(), key=lambda item: -len(item[1]))
    ]


def writes_between(ended: Sequence[Ended], begin: float, end: float) -> list[Ended]:
    """The writes that were under way at some time from `begin` to `end` (Unix seconds)."""
    return [entry for entry in ended if entry.write and entry.at <= end and entry.answered >= begin]


def _quantile(values: Sequence[float], share: float) -> float:
    """The nearest-rank quantile of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))]
