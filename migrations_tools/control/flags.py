"""The one way in which a context's flags change: a transaction that writes the state, its history and
the next version.

Everything that changes a phase or a percentage calls `change` or `observe`; the routes are
published after the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from migrations_tools.control import feed, versions
from migrations_tools.control.models import ContextState, PhaseChange
from migrations_tools.control.router import DATABASE
from migrations_tools.control.settle import Flags, settle
from migrations_tools.phases import Phase
from migrations_tools.plans import plan_of


@dataclass(frozen=True, slots=True)
class Reason:
    """Who changes a flag by which command, and on what measurements."""

    who: str
    command: str
    gates: Sequence[dict[str, Any]] = ()
    forced: bool = False
    note: str = ""


def current(context: str) -> Flags:
    """The flags of a context; those of the phase `monolith` for one that never began. Raises
    `UnknownContext`.
    """
    plan_of(context)
    state = ContextState.objects.filter(pk=context).first()
    return _flags(state) if state else Flags()


def change(
    context: str,
    reason: Reason,
    *,
    phase: Phase | None = None,
    read_percent: int | None = None,
    shadow_percent: int | None = None,
    epoch: int | None = None,
) -> Flags:
    """Change flags and publish the routes. Raises `NoSuchTransition`, `NonsenseFlags`, `UnknownContext`."""

    def wanted(now: Flags) -> Flags:
        settled = settle(now, phase, read_percent, shadow_percent)
        return settled if epoch is None else replace(settled, epoch=epoch)

    return apply(context, reason, wanted)


def apply(context: str, reason: Reason, wanted: Callable[[Flags], Flags]) -> Flags:
    """Bring a context to what `wanted` makes of its flags; nothing is written or published where
    that is no change.
    """
    plan_of(context)
    with transaction.atomic(using=DATABASE):
        versions.one_at_a_time()
        state = ContextState.objects.filter(pk=context).first() or ContextState(context=context)
        before = _flags(state)
        after = wanted(before)
        if after == before:
            return before
        after = replace(after, version=versions.latest() + 1)
        _write(state, before, after, reason)
        # A Valkey that is down must not undo a change: facades poll as well.
        transaction.on_commit(feed.publish, using=DATABASE, robust=True)
    return after


def _flags(state: ContextState) -> Flags:
    return Flags(Phase(state.phase), state.read_percent, state.shadow_percent, state.epoch, state.version)


def _write(state: ContextState, before: Flags, after: Flags, reason: Reason) -> None:
    state.phase, state.epoch, state.version = after.phase, after.epoch, after.version
    state.read_percent, state.shadow_percent = after.read_percent, after.shadow_percent
    state.save()
    PhaseChange.objects.create(
        context=state.context,
        who=reason.who,
        command=reason.command,
        from_phase=before.phase,
        to_phase=after.phase,
        from_read_percent=before.read_percent,
        to_read_percent=after.read_percent,
        from_shadow_percent=before.shadow_percent,
        to_shadow_percent=after.shadow_percent,
        epoch=after.epoch,
        version=after.version,
        gates=list(reason.gates),
        forced=reason.forced,
        note=reason.note,
    )
