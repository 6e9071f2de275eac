"""Every gate fires, on what it is there for and on what was not measured."""

from dataclasses import replace

import pytest

from migrations_tools.gates import (
    NOT_MEASURED,
    GatesUnmet,
    Measurements,
    Proof,
    Shadowed,
    Verified,
    blocking,
    judge,
    require,
)
from migrations_tools.phases import SAFETY_GATES, GateName
from migrations_tools.plans.users import PLAN

GOOD = Measurements(
    service_healthy=Proof(True, "answers"),
    unfilled=0,
    lag_seconds=0.1,
    parked=0,
    verified=Verified("clean", 0),
    shadowed=Shadowed(1000, 1000),
    reverse_path=Proof(True, "20 aggregates came back unchanged"),
)

BAD = [
    (GateName.SERVICE_HEALTHY, {"service_healthy": Proof(False, "connection refused")}),
    (GateName.BACKFILLED, {"unfilled": 1}),
    (GateName.LAG, {"lag_seconds": 2.01}),
    (GateName.NONE_PARKED, {"parked": 1}),
    (GateName.VERIFIED, {"verified": Verified("divergent", 1)}),
    (GateName.VERIFIED, {"verified": Verified("not_measured", 0)}),
    (GateName.VERIFIED, {"verified": Verified("running", 0)}),
    (GateName.VERIFIED, {"verified": Verified("clean", 0, outdated_by="a later backfill")}),
    (GateName.SHADOW_MATCH, {"shadowed": Shadowed(1000, 998)}),
    (GateName.SHADOW_MATCH, {"shadowed": Shadowed(49, 49)}),
    (GateName.SHADOW_MATCH, {"shadowed": Shadowed(0, 0)}),
    (GateName.REVERSE_PATH, {"reverse_path": Proof(False, "user 7 came back changed")}),
]


def unmet(seen: Measurements) -> set[GateName]:
    return {gate.name for gate in judge(GateName, seen, PLAN) if not gate.ok}


def test_all_gates_open_on_good_measurements() -> None:
    """Nothing is refused where everything holds."""
    require(judge(GateName, GOOD, PLAN))


@pytest.mark.parametrize(("name", "worse"), BAD)
def test_each_gate_fires_alone(name: GateName, worse: dict[str, object]) -> None:
    """A condition that does not hold closes its own gate and no other."""
    assert unmet(replace(GOOD, **worse)) == {name}


def test_what_was_not_measured_is_unmet() -> None:
    """No gate takes the absence of a measurement for a good one."""
    judged = judge(GateName, Measurements(), PLAN)
    assert [gate.measured for gate in judged] == [NOT_MEASURED] * len(GateName)
    assert blocking(judged) == judged


def test_force_opens_only_what_loses_nothing() -> None:
    """Forcing skips the conveniences and keeps every safety gate."""
    assert {gate.name for gate in blocking(judge(GateName, Measurements(), PLAN), forced=True)} == SAFETY_GATES


def test_a_refusal_tells_the_danger_and_the_next_command() -> None:
    """Whoever is refused learns what would have gone wrong, and what to do."""
    with pytest.raises(GatesUnmet) as refusal:
        require(judge(GateName, replace(GOOD, verified=None), PLAN))
    [gate] = refusal.value.gates
    assert gate.command == "manage.py context verify users"
    assert "only truth" in gate.danger
    assert gate.as_dict()["safety"] is True
