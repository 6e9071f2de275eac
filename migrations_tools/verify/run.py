"""A comparison of a whole context: page by page, each committed with the place it reached, so that it
can be resumed.

A run that could not compare everything ends as "not measured": that is never taken for clean.
"""

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from migrations_tools.control.models import Divergence, VerifyOutcome, VerifyRun
from migrations_tools.control.router import DATABASE
from migrations_tools.plan import ContextPlan
from migrations_tools.verify.compare import Page, Pair, compare_page
from migrations_tools.verify.suspects import Patience

SAMPLES: Final = 10
_BELOW_ALL_KEYS: Final = -(1 << 62)
_DONE: Final = "done"

Progress = Callable[[int, int], None]


def run(
    plan: ContextPlan,
    pair: Pair,
    epoch: int,
    *,
    resume: bool = True,
    progress: Progress = lambda _done, _total: None,
    patience: Patience | None = None,
) -> VerifyRun:
    """Compare all aggregates of a context; `progress` is told how many of how many. The run, finished,
    with its outcome.

    An unfinished run of the same epoch is taken up where it stopped, unless `resume` is false.
    """
    record = _begin(plan.context, epoch, resume=resume)
    total = sum(pair.source.count(aggregate.name) for aggregate in plan.aggregates)
    for aggregate in plan.aggregates:
        while (after := record.checkpoint.get(aggregate.name, _BELOW_ALL_KEYS)) != _DONE:
            page = compare_page(pair, aggregate.name, after, patience=patience)
            _commit(record, aggregate.name, page)
            progress(record.equal + record.different + record.missing + record.extra, total)
    return _finish(record, str(pair.source.horizon()))


def repair(record: VerifyRun, pair: Pair) -> int:
    """Replicate every divergent aggregate of a run again; how many. Also what is extra: its
    absence is what is replicated.
    """
    open_ones = Divergence.objects.filter(run=record, repaired=False).order_by("key")
    by_aggregate: dict[str, list[int]] = {}
    for aggregate, key in open_ones.values_list("aggregate", "key"):
        by_aggregate.setdefault(aggregate, []).append(key)
    for aggregate, keys in by_aggregate.items():
        pair.source.enqueue(aggregate, keys)
    return open_ones.update(repaired=True)


def _begin(context: str, epoch: int, *, resume: bool) -> VerifyRun:
    unfinished = VerifyRun.objects.filter(context=context, outcome=VerifyOutcome.RUNNING)
    latest = unfinished.first()
    if latest and resume and latest.epoch == epoch:
        return latest
    unfinished.update(outcome=VerifyOutcome.NOT_MEASURED, reason="abandoned for a new run", finished_at=timezone.now())
    return VerifyRun.objects.create(context=context, epoch=epoch, started_at=timezone.now())


def _commit(record: VerifyRun, aggregate: str, page: Page) -> None:
    counts = {kind: sum(found.kind == kind for found in page.found) for kind in ("different", "missing", "extra")}
    record.equal += page.equal
    record.different += counts["different"]
    record.missing += counts["missing"]
    record.extra += counts["extra"]
    room = SAMPLES - len(record.samples)
    record.samples = [*record.samples, *(found.as_dict() for found in page.found[:room])]
    record.reason = page.reason or record.reason
    record.checkpoint = {**record.checkpoint, aggregate: _DONE if page.last else page.after}
    with transaction.atomic(using=DATABASE):
        record.save()
        Divergence.objects.bulk_create(_divergence(record, found.as_dict()) for found in page.found)


def _divergence(record: VerifyRun, found: dict[str, Any]) -> Divergence:
    return Divergence(run=record, context=record.context, **found)


def _finish(record: VerifyRun, position: str) -> VerifyRun:
    record.outcome = _outcome(record.different + record.missing + record.extra, record.reason)
    record.position, record.finished_at = position, timezone.now()
    record.save()
    return record


def _outcome(divergent: int, unmeasured: str) -> VerifyOutcome:
    """Divergence that was seen outweighs what could not be measured, and that outweighs a clean rest."""
    if divergent:
        return VerifyOutcome.DIVERGENT
    return VerifyOutcome.NOT_MEASURED if unmeasured else VerifyOutcome.CLEAN
