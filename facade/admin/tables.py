"""The document of /status as tables for people. Pure: titles, heads and rows."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_P = "banyan_facade_"
MEMBERS = ("ready", "workers", "answered", "each", "instances", "metrics")
"""What the document has."""
Samples = Sequence[Mapping[str, Any]]


class Section(NamedTuple):
    """One table."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def sections(found: Mapping[str, Any], now: float | None = None) -> list[Section]:
    """Everything that there is something to say about. `now` is seconds since the epoch."""
    samples = found["metrics"]
    every = [
        _workers(found, time.time() if now is None else now),
        _requests(samples),
        _upstreams(samples),
        _instances(found["instances"]),
        _admission(samples),
        _limits(samples),
        _listed(samples, "Cache", "cache_total", ("what",)),
        _listed(samples, "Events", "events_total", ("context", "event")),
    ]
    return [section for section in every if section.rows]


def summary(found: Mapping[str, Any]) -> str:
    """In one line."""
    ready = "ready" if found["ready"] else "not ready"
    answered = f"{ready}: {found['answered']} of {found['workers']} workers answered"
    if not found["answered"]:  # then nobody has told whether the policies are those of the file, nor what is kept
        return answered
    numbers = {(one["name"], tuple(one["labels"].items())): one["value"] for one in found["metrics"]}
    policies = (
        "the policies file was refused" if numbers.get((f"{_P}policies_refused", ())) else "the policies are those of the file"
    )
    kept = numbers.get((f"{_P}cache_answers", ()), 0), numbers.get((f"{_P}cache_bytes", ()), 0)
    cache = f"{kept[0]:.0f} answers kept ({kept[1] / 1024:.0f} KiB)"
    return f"{answered}; {policies}; {cache}"


def _workers(found: Mapping[str, Any], now: float) -> Section:
    columns = ("routes_version", "lessons", "positions_trusted", "limit_sharers")
    numbers = {(one["name"], one["labels"].get("worker")): one["value"] for one in found["metrics"]}
    rows = []
    for one in found["each"]:
        worker = str(one["worker"])
        if not one["answered"]:
            rows.append((worker, "does not answer", *[""] * (3 + len(columns))))
            continue
        told = [_number(numbers.get((_P + column, worker), 0)) for column in columns]
        rows.append((worker, _yes(one["ready"]), str(one["pid"]), f"{now - one['since']:.0f} s", one["routes"], *told))
    heads = ("worker", "ready", "pid", "up", "routes from", "version", "lessons", "replicas trusted", "limits shared by")
    return Section("Workers", heads, rows)


def _requests(samples: Samples) -> Section:
    classes = [f"{number}xx" for number in range(1, 6)]
    counts = _by(samples, "requests_total", ("context", "side", "class"))
    sums, totals = (_by(samples, f"request_seconds_{what}", ("context", "side")) for what in ("sum", "count"))
    rows = []
    for context, side in totals:
        mean = sums[context, side] / totals[context, side] * 1000
        rows.append((context, side, *(_number(counts.get((context, side, name), 0)) for name in classes), f"{mean:.1f} ms"))
    return Section("Requests", ("context", "answered by", *classes, "mean"), sorted(rows))


def _upstreams(samples: Samples) -> Section:
    key = ("context", "side")
    states = _by(samples, "breaker", (*key, "state"))
    opened = _by(samples, "breaker_transitions_total", (*key, "state"))
    names = ("concurrency", "concurrency_limit", "waiting", "retry_budget_refused_total")
    others = [_by(samples, name, key) for name in names]
    rows = []
    for context, side in sorted({place[:2] for place in states}):
        inside = ", ".join(
            state if count == 1 else f"{state} ({count:.0f})"
            for (*whose, state), count in states.items()
            if whose == [context, side] and count
        )
        times = opened.get((context, side, "open"), 0)
        rows.append((context, side, inside, _number(times), *(_number(one.get((context, side), 0)) for one in others)))
    heads = ("context", "side", "breaker", "opened", "under way", "limit", "waiting", "repetitions refused")
    return Section("Upstreams", heads, rows)


def _instances(found: Iterable[Mapping[str, Any]]) -> Section:
    """One line for each, of all workers: they may see it in different states."""
    states: dict[tuple[str, str], Counter[str]] = {}
    load: Counter[tuple[str, str]] = Counter()
    for one in found:
        place = one["context"], one["url"]
        states.setdefault(place, Counter())[one["state"]] += 1
        load[place] += one["load"]
    rows = [
        (*place, ", ".join(state if len(seen) == 1 else f"{state} ({count})" for state, count in seen.items()), str(load[place]))
        for place, seen in sorted(states.items())
    ]
    return Section("Instances", ("context", "address", "state", "under way"), rows)


def _admission(samples: Samples) -> Section:
    """Who had to wait, and who was refused; priorities that nothing happened to are left out."""
    key = ("context", "side", "priority")
    counts = [_by(samples, f"{what}_total", key) for what in ("delayed", "shed")]
    met = sorted({place for found in counts for place, count in found.items() if count})
    rows = [(*place, *(_number(found.get(place, 0)) for found in counts)) for place in met]
    return Section("Admission", (*key, "had to wait", "refused"), rows)


def _limits(samples: Samples) -> Section:
    key = ("route", "methods", "limit")
    asked, alone, refused = (_by(samples, f"limit_{what}_total", key) for what in ("asked", "alone", "refused"))
    used = [place for place in refused if asked[place] or alone[place] or refused[place]]
    rows = [(*place, *(_number(counts[place]) for counts in (asked, alone, refused))) for place in sorted(used)]
    return Section("Limits", (*key, "leases asked of Valkey", "counted alone", "requests refused"), rows)


def _listed(samples: Samples, title: str, name: str, key: tuple[str, ...]) -> Section:
    return Section(title, (*key, "count"), [(*place, _number(count)) for place, count in sorted(_by(samples, name, key).items())])


def _by(samples: Samples, name: str, key: tuple[str, ...]) -> dict[tuple[str, ...], float]:
    return {tuple(one["labels"][label] for label in key): one["value"] for one in samples if one["name"] == _P + name}


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
