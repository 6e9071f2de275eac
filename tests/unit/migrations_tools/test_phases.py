"""The policy table is whole: every phase has its row, its way on and its way back."""

import pytest

from migrations_tools.phases import (
    POLICIES,
    SAFETY_GATES,
    Direction,
    GateName,
    How,
    NoSuchTransition,
    Owner,
    Phase,
    Reads,
    after_hand_over,
    policy,
    transition,
    transitions,
)


def test_every_phase_has_exactly_one_row() -> None:
    """No phase is known to the system without a policy."""
    assert set(POLICIES) == set(Phase)


def test_every_way_forward_has_a_way_back_but_the_last() -> None:
    """From each phase but the first and the last something leads back."""
    assert {phase for phase, row in POLICIES.items() if row.way_back is None} == {
        Phase.MONOLITH,
        Phase.EXTRACTED,
    }


@pytest.mark.parametrize("phase", Phase)
def test_authority_changes_by_hand_over_only(phase: Phase) -> None:
    """No flag can move authority: a change between phases of different authority is a hand-over,
    and no other is.
    """
    for change in transitions(phase):
        moves = policy(phase).authority != policy(change.to).authority
        assert (change.how is How.HAND_OVER) == moves


@pytest.mark.parametrize("phase", Phase)
def test_the_other_side_is_read_only_while_it_is_mirrored(phase: Phase) -> None:
    """Reads never go to a side that has neither authority nor a running replication towards it."""
    row = policy(phase)
    if row.reads is Reads.COHORTS:
        assert row.replication is not None
        assert row.replication.target is not row.authority
    else:
        assert row.reads == row.authority


@pytest.mark.parametrize("phase", Phase)
def test_replication_flows_from_the_authority(phase: Phase) -> None:
    """The side that accepts the writes is the source."""
    row = policy(phase)
    assert row.replication is None or row.replication.source is row.authority


def test_the_cut_over_needs_every_gate() -> None:
    """Nothing that is measured anywhere on the way is left out at the point where writes move."""
    assert set(transition(Phase.CANARY, Phase.SERVICE).gates) == set(GateName)


def test_force_is_powerless_over_lost_writes() -> None:
    """Lag, divergence and the way back are safety gates."""
    assert {GateName.LAG, GateName.VERIFIED, GateName.REVERSE_PATH} <= SAFETY_GATES


def test_a_hand_over_lands_in_the_phase_that_fits() -> None:
    """Forward in `service`; back in a canary, from which the way forward is open."""
    assert after_hand_over(Direction.TO_SERVICE) is Phase.SERVICE
    assert after_hand_over(Direction.TO_MONOLITH) is Phase.CANARY
    assert policy(Phase.CANARY).authority is Owner.MONOLITH


def test_a_missing_transition_names_the_possible_ones() -> None:
    """A refused change says where one can go instead."""
    with pytest.raises(NoSuchTransition) as refusal:
        transition(Phase.DUAL_WRITE, Phase.SERVICE)
    assert refusal.value.possible == (Phase.SHADOW, Phase.MONOLITH)
    with pytest.raises(NoSuchTransition, match="end of the road"):
        transition(Phase.EXTRACTED, Phase.MONOLITH)
