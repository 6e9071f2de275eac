"""What every operation on a context is made of: gates that are judged first, then steps that a
rehearsal narrates and a run performs.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from migrations_tools import gates
from migrations_tools.control.facades import FacadesBehind, await_applied
from migrations_tools.control.flags import Reason, change, current
from migrations_tools.control.lock import operator
from migrations_tools.control.measure import measure
from migrations_tools.control.settle import Flags
from migrations_tools.gates import Gate
from migrations_tools.phases import Phase, Transition, transition
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.sides import Sides, sides

Progress = Callable[[int, int], None]


@contextmanager
def no_progress(_what: str) -> Iterator[Progress]:
    """Nobody watches."""
    yield lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that an operation does; what `act` returns is reported."""

    says: str
    act: Callable[[], Mapping[str, Any] | None]


@dataclass
class Task:
    """One run of an operation: what it is about, how it was asked for, and what has come of it so far.

    `say` is told each step in words; `progress` opens a progress display of the given name.
    """

    plan: ContextPlan
    command: str
    options: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    forced: bool = False
    say: Callable[[str], None] = lambda _text: None
    progress: Callable[[str], AbstractContextManager[Progress]] = no_progress
    gates: list[Gate] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def sides(self) -> Sides:
        """Both sides; looked up when first needed."""
        return sides(self.plan)

    @property
    def context(self) -> str:
        return self.plan.context

    @property
    def who(self) -> str:
        return operator()

    @property
    def flags(self) -> Flags:
        """The context's flags as they are now."""
        return current(self.context)

    def open(self, to: Phase) -> Transition:
        """Judge the gates of the change to `to`. Raises `NoSuchTransition`, and unless this is a
        rehearsal `GatesUnmet`.
        """
        change_to = transition(self.flags.phase, to)
        self.judge(change_to)
        return change_to

    def judge(self, wanted: Transition) -> None:
        """Judge the gates of one transition, whatever the phase is. Raises `GatesUnmet` unless
        this is a rehearsal.
        """
        self.gates = gates.judge(wanted.gates, measure(self.plan, wanted.gates, self.sides), self.plan)
        for gate in self.gates:
            self.say(f"gate {gate.name}: {'met' if gate.ok else 'UNMET'} ({gate.measured}; needed: {gate.needed})")
        if not self.dry_run:
            gates.require(self.gates, forced=self.forced)

    def change(self, **wanted: Any) -> dict[str, Any]:
        """Change flags, with the gates that were judged in the history. The flags as facts."""
        judged = [gate.as_dict() for gate in self.gates]
        forced = self.forced and bool(gates.blocking(self.gates))
        note = str(self.options.get("note") or "")
        after = change(self.context, Reason(self.who, self.command, judged, forced, note), **wanted)
        return {
            "phase": str(after.phase),
            "read_percent": after.read_percent,
            "shadow_percent": after.shadow_percent,
            "epoch": after.epoch,
        }

    def await_facades(self) -> dict[str, Any]:
        """Wait until every facade routes by the context's flags. Raises `FacadesBehind`; the facts are noted in any case."""
        reach = await_applied(self.flags.version)
        self.facts["facades"] = reach.as_dict()
        for remark in reach.remarks():
            self.say(f"  {remark}")
        if reach.late:
            raise FacadesBehind(reach)
        return {}


def _exclusive(_options: Mapping[str, Any]) -> str:
    """The lock of everything that moves a context."""
    return ""


def _no_arguments(_parser: ArgumentParser) -> None:
    """It has none of its own."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One subcommand of `manage.py context`. `steps` judges the gates and says what is to be done.

    `lock` distinguishes what may run beside other operations of the context; the empty one is
    shared by all that move it. `flags`: it changes some, and is over when every facade has them.
    """

    name: str
    help: str
    steps: Callable[[Task], Sequence[Step]]
    arguments: Callable[[ArgumentParser], None] = _no_arguments
    rehearsable: bool = True
    lock: Callable[[Mapping[str, Any]], str] = _exclusive
    flags: bool = True

    def run(self, task: Task) -> None:
        """Perform the steps, or in a rehearsal narrate them. Raises what a step raises, and `GatesUnmet`."""
        spread = Step("wait until every facade's workers have the flags", task.await_facades)
        for number, step in enumerate([*self.steps(task), *([spread] if self.flags else [])], start=1):
            task.say(f"{'would' if task.dry_run else 'step'} {number}: {step.says}")
            if not task.dry_run:
                task.facts.update(step.act() or {})
        gates.require(task.gates, forced=task.forced)
