"""Runs the steps of a hand-over, times them, and keeps the journal; rehearsal and performance share the list."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils import timezone

from chassis.replica.authority import Authority
from migrations_tools.control.models import HandOverOutcome, Journal
from migrations_tools.cutover.finish import finish, rows
from migrations_tools.cutover.state import HandOver
from migrations_tools.cutover.steps import STEPS, Step
from migrations_tools.phases import Direction
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.sides import Sides

Observer = Callable[[int, Step], None]
"""Called with the number (from 1) and the step, just before it runs."""


def _unobserved(number: int, step: Step) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did, and in how many milliseconds."""

    number: int
    name: str
    ms: float
    facts: dict[str, Any]


@dataclass(slots=True)
class Report:
    """A hand-over that was performed: the new epoch, how long writers waited, and its steps."""

    context: str
    direction: str
    epoch: int
    pause_ms: float
    steps: list[StepReport] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def perform(plan: ContextPlan, sides: Sides, direction: Direction, *, who: str, observer: Observer = _unobserved) -> Report:
    """Hand the authority over. Raises `CalledOff`, or whatever failed, with authority where it was, unless the failure came
    after the point of no return; then `finish` (or the relay, or a repetition of the command) completes it.
    """
    finish(sides, who=who)
    current = max(rows(sides), key=lambda row: row.epoch)
    _settle_abandoned(current)
    journal = _opened(plan, direction, who, current.epoch + 1)
    reports: list[StepReport] = []
    with closing(HandOver(plan, sides, direction, who)) as move:
        try:
            reports.extend(_steps(move, observer))
        except BaseException as failure:
            move.release_fence()
            outcome = HandOverOutcome.RUNNING if move.given_up else HandOverOutcome.CANCELLED
            _close(journal, outcome, move, reports, note=f"{type(failure).__name__}: {failure}")
            raise
        _close(journal, HandOverOutcome.DONE, move, reports)
        assert move.pause_ms is not None
        return Report(plan.context, str(direction), move.after.epoch, round(move.pause_ms, 2), reports)


def narrate(plan: ContextPlan, direction: Direction) -> list[str]:
    """The same steps in words, in order; those during which writers wait say so."""
    names = {"loser": direction.source.value, "gainer": direction.target.value, "context": plan.context}
    return [f"{step.narration.format(**names)}{' (writers wait)' if step.fenced else ''}" for step in STEPS]


def predicted_pause_ms(plan: ContextPlan, direction: Direction) -> float | None:
    """The pause of the last hand-overs of this context that were performed (their mean), or None before the first."""
    pauses = Journal.objects.filter(
        context=plan.context, direction=direction, outcome=HandOverOutcome.DONE, pause_ms__isnull=False
    ).values_list("pause_ms", flat=True)[:5]
    known = [pause for pause in pauses if pause is not None]
    return sum(known) / len(known) if known else None


def _steps(move: HandOver, observer: Observer) -> Iterator[StepReport]:
    for number, step in enumerate(STEPS, start=1):
        observer(number, step)
        started = time.monotonic()
        facts = step.run(move)
        yield StepReport(number, step.name, round((time.monotonic() - started) * 1000, 2), facts)


def _settle_abandoned(current: Authority) -> None:
    """Journals whose process died: the epoch tells whether the hand-over took place. The caller holds the operator's lock."""
    for journal in Journal.objects.filter(context=current.context, outcome=HandOverOutcome.RUNNING):
        took_place = journal.epoch <= current.epoch
        journal.outcome = HandOverOutcome.DONE if took_place else HandOverOutcome.CANCELLED
        journal.note = f"{journal.note} Its process did not end it; settled by the authority rows.".strip()
        journal.finished_at = timezone.now()
        journal.save()


def _opened(plan: ContextPlan, direction: Direction, who: str, epoch: int) -> Journal:
    return Journal.objects.create(
        context=plan.context,
        direction=direction,
        from_owner=direction.source,
        to_owner=direction.target,
        epoch=epoch,
        who=who,
    )


def _close(journal: Journal, outcome: HandOverOutcome, move: HandOver, reports: list[StepReport], note: str = "") -> None:
    journal.outcome = outcome
    journal.pause_ms = move.pause_ms
    journal.steps = [asdict(report) for report in reports]
    journal.note = note
    journal.finished_at = None if outcome is HandOverOutcome.RUNNING else timezone.now()
    journal.save()
