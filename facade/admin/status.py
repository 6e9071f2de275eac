"""What a whole facade is doing, as one document: made by the admin process, read by whoever asks. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from facade.exposition import Across, Family, labels, pairs

Look = Mapping[str, Any]
"""What one worker told: `pid`, `birth`, `since`, `ready`, `routes`, `version`, `policies_refused`, `instances`, `families`."""


def readiness(count: int, looks: Mapping[int, Look]) -> dict[str, Any]:
    """Whether the facade may get requests: somebody answers, and whoever does is ready."""
    return {
        "ready": bool(looks) and all(look["ready"] for look in looks.values()),
        "workers": count,
        "answered": len(looks),
        "version": min((look["version"] for look in looks.values()), default=None),
    }


def of_itself(count: int, looks: Mapping[int, Look]) -> list[Family]:
    """What the admin process has to say beside the workers' numbers."""
    since = {("", labels(worker=str(worker))): float(look["since"]) for worker, look in looks.items()}
    return [
        Family("banyan_facade_workers", "gauge", "Worker processes that there should be.", Across.SUM, {("", ""): count}),
        Family("banyan_facade_workers_answered", "gauge", "Those that answered now.", Across.SUM, {("", ""): len(looks)}),
        Family("banyan_facade_worker_start_seconds", "gauge", "When a worker began, since the epoch.", Across.EACH, since),
    ]


def document(count: int, looks: Mapping[int, Look], families: Iterable[Family]) -> dict[str, Any]:
    """Everything. `families`: those of all workers together."""
    each = [_worker(worker, looks.get(worker)) for worker in range(count)]
    instances = [{**one, "worker": worker} for worker, look in looks.items() for one in look["instances"]]
    return {**readiness(count, looks), "each": each, "instances": instances, "metrics": list(_numbers(families))}


def _worker(worker: int, look: Look | None) -> dict[str, Any]:
    if look is None:
        return {"worker": worker, "answered": False}
    told = ("pid", "since", "ready", "routes", "version", "policies_refused")
    return {"worker": worker, "answered": True, **{name: look[name] for name in told}}


def _numbers(families: Iterable[Family]) -> Iterable[dict[str, Any]]:
    """Without the buckets of histograms: a table shows their means."""
    for family in families:
        for (suffix, written), value in family.samples.items():
            if suffix != "_bucket":
                yield {"name": family.name + suffix, "labels": pairs(written), "value": value}
