"""The conditions that must hold before a phase changes: judged here, purely, from what is measured elsewhere.

What was not measured counts as unmet. A refusal says what would have gone wrong unnoticed, and
which command to run next.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from migrations_tools.phases import SAFETY_GATES, GateName
from migrations_tools.plan import ContextPlan, Gates

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Verified:
    """The latest comparison: its outcome, its divergent aggregates, and whether something has
    moved the data since.
    """

    outcome: str
    divergent: int
    outdated_by: str = ""


@dataclass(frozen=True, slots=True)
class Shadowed:
    """Reads that were answered by both sides, and those of them whose answers were the same."""

    compared: int
    matched: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A path that was tried: whether it works, and what was seen."""

    ok: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was measured; None is what could not be. `unfilled` are aggregates that the backfill
    has not brought over yet.
    """

    service_healthy: Proof | None = None
    unfilled: int | None = None
    lag_seconds: float | None = None
    parked: int | None = None
    verified: Verified | None = None
    shadowed: Shadowed | None = None
    reverse_path: Proof | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One judged condition. `danger` is the silent failure that it prevents, `command` the one to
    run next.
    """

    name: GateName
    ok: bool
    measured: str
    needed: str
    danger: str
    command: str

    @property
    def safety(self) -> bool:
        """Whether `--force` is powerless here."""
        return self.name in SAFETY_GATES

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "name": str(self.name), "safety": self.safety}


class GatesUnmet(RuntimeError):
    """A phase change was refused. `gates` are the unmet ones."""

    def __init__(self, gates: list[Gate]) -> None:
        super().__init__("; ".join(f"{gate.name}: {gate.measured}, needed {gate.needed}" for gate in gates))
        self.gates = gates


_Verdict = tuple[bool, str, str]  # met, measured, needed


def _healthy(seen: Measurements, _bounds: Gates) -> _Verdict:
    proof = seen.service_healthy
    return (proof.ok, proof.seen, "it answers") if proof else (False, NOT_MEASURED, "it answers")


def _backfilled(seen: Measurements, _bounds: Gates) -> _Verdict:
    measured = NOT_MEASURED if seen.unfilled is None else f"{seen.unfilled} aggregates left"
    return seen.unfilled == 0, measured, "none left"


def _lag(seen: Measurements, bounds: Gates) -> _Verdict:
    needed = f"at most {bounds.lag_seconds:g} s"
    if seen.lag_seconds is None:
        return False, NOT_MEASURED, needed
    return seen.lag_seconds <= bounds.lag_seconds, f"{seen.lag_seconds:.2f} s", needed


def _none_parked(seen: Measurements, _bounds: Gates) -> _Verdict:
    return seen.parked == 0, NOT_MEASURED if seen.parked is None else f"{seen.parked} parked", "none parked"


def _verified(seen: Measurements, bounds: Gates) -> _Verdict:
    needed = f"a finished comparison with at most {bounds.divergent} divergent"
    run = seen.verified
    if run is None or run.outcome not in ("clean", "divergent"):
        return False, NOT_MEASURED if run is None else run.outcome.replace("_", " "), needed
    if run.outdated_by:
        return False, f"{run.outcome}, but outdated by {run.outdated_by}", needed
    return run.divergent <= bounds.divergent, f"{run.divergent} divergent", needed


def _shadow_match(seen: Measurements, bounds: Gates) -> _Verdict:
    needed = f"{bounds.shadow_match:.1%} of at least {bounds.shadow_samples} reads alike"
    counts = seen.shadowed
    if counts is None or counts.compared == 0:
        return False, NOT_MEASURED, needed
    share = counts.matched / counts.compared
    enough = counts.compared >= bounds.shadow_samples
    return enough and share >= bounds.shadow_match, f"{share:.2%} of {counts.compared} reads alike", needed


def _reverse_path(seen: Measurements, _bounds: Gates) -> _Verdict:
    proof, needed = seen.reverse_path, "the monolith can take changes back"
    return (proof.ok, proof.seen, needed) if proof else (False, NOT_MEASURED, needed)


@dataclass(frozen=True, slots=True)
class _Rule:
    judge: Callable[[Measurements, Gates], _Verdict]
    danger: str
    command: str


_RULES: dict[GateName, _Rule] = {
    GateName.SERVICE_HEALTHY: _Rule(
        _healthy,
        "requests would be sent to a service that cannot answer them",
        "manage.py up",
    ),
    GateName.BACKFILLED: _Rule(
        _backfilled,
        "aggregates that were never copied would look deleted at the service",
        "manage.py context backfill {context}",
    ),
    GateName.LAG: _Rule(
        _lag,
        "reads would be older than writes, and the hand-over would hold writers for the whole backlog",
        "manage.py contexts",
    ),
    GateName.NONE_PARKED: _Rule(
        _none_parked,
        "the parked aggregates' last writes would stay behind, and be overwritten on the way back",
        "manage.py context verify {context} --repair",
    ),
    GateName.VERIFIED: _Rule(
        _verified,
        "a wrong or a missing copy would become the only truth",
        "manage.py context verify {context}",
    ),
    GateName.SHADOW_MATCH: _Rule(
        _shadow_match,
        "clients would be answered differently by the service, and nobody would have compared",
        "manage.py context shadow {context} --percent 100",
    ),
    GateName.REVERSE_PATH: _Rule(
        _reverse_path,
        "writes made at the service could not be brought back, so that a roll-back would lose them",
        "manage.py context cutover {context} --dry-run",
    ),
}


def judge(names: Iterable[GateName], seen: Measurements, plan: ContextPlan) -> list[Gate]:
    """The named gates, judged against the bounds of the plan, in the given order."""
    return [_judged(name, seen, plan) for name in names]


def blocking(gates: Iterable[Gate], *, forced: bool = False) -> list[Gate]:
    """The gates that forbid the change: the unmet ones, or when it is forced the unmet safety gates."""
    return [gate for gate in gates if not gate.ok and (gate.safety or not forced)]


def require(gates: Iterable[Gate], *, forced: bool = False) -> None:
    """Raises `GatesUnmet` when any gate forbids the change."""
    if unmet := blocking(gates, forced=forced):
        raise GatesUnmet(unmet)


def _judged(name: GateName, seen: Measurements, plan: ContextPlan) -> Gate:
    rule = _RULES[name]
    ok, measured, needed = rule.judge(seen, plan.gates)
    return Gate(name, ok, measured, needed, rule.danger, rule.command.format(context=plan.context))
