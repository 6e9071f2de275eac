"""Flags follow the phase: no percentage survives where it would mean nothing."""

import pytest

from migrations_tools.control.settle import Flags, NonsenseFlags, nonsense, reconciled, settle
from migrations_tools.phases import POLICIES, Direction, NoSuchTransition, Phase, Reads, policy, transitions


@pytest.mark.parametrize("phase", Phase)
def test_every_allowed_change_yields_flags_that_make_sense(phase: Phase) -> None:
    """Whatever change the table allows, from flags that make sense, ends in flags that do."""
    start = Flags(phase, read_percent={Reads.SERVICE: 100}.get(policy(phase).reads, 0))
    assert nonsense(start) == []
    for change in transitions(phase):
        after = settle(start, change.to)
        assert after.phase is change.to
        assert nonsense(after) == []


def test_a_rollback_lands_at_no_reads_and_no_shadow() -> None:
    """After a roll-back the monolith answers everything, until somebody raises the percentage again."""
    after = settle(Flags(Phase.SERVICE, 100, 50, epoch=3), Phase.CANARY)
    assert after == Flags(Phase.CANARY, 0, 0, epoch=3)


def test_shadowing_goes_on_into_the_canary() -> None:
    """The comparison that was running goes on when reads begin to move."""
    assert settle(Flags(Phase.SHADOW, 0, 25), Phase.CANARY, read_percent=10) == Flags(Phase.CANARY, 10, 25)


def test_a_percentage_alone_leaves_the_rest() -> None:
    """Changing one flag changes no other."""
    now = Flags(Phase.CANARY, 10, 25, epoch=2)
    assert settle(now, read_percent=50) == Flags(Phase.CANARY, 50, 25, epoch=2)
    assert settle(now, shadow_percent=0) == Flags(Phase.CANARY, 10, 0, epoch=2)


@pytest.mark.parametrize(
    ("now", "asked", "fault"),
    [
        (Flags(Phase.CANARY), {"read_percent": 101}, "not a percentage"),
        (Flags(Phase.CANARY), {"shadow_percent": -1}, "not a percentage"),
        (Flags(Phase.SHADOW), {"read_percent": 10}, "only a canary"),
        (Flags(Phase.SERVICE, 100), {"read_percent": 0}, "service answers all reads"),
        (Flags(Phase.DUAL_WRITE), {"shadow_percent": 5}, "nothing is compared"),
    ],
)
def test_nonsense_is_refused(now: Flags, asked: dict[str, int], fault: str) -> None:
    """A percentage that the phase has no use for is refused in words, not ignored."""
    with pytest.raises(NonsenseFlags, match=fault):
        settle(now, **asked)


def test_no_flag_skips_a_phase() -> None:
    """Only changes of the policy table are made."""
    with pytest.raises(NoSuchTransition):
        settle(Flags(Phase.DUAL_WRITE), Phase.CANARY)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("direction", Direction)
def test_the_authority_rows_overrule_the_flags(phase: Phase, direction: Direction) -> None:
    """From any flags, reconciling yields a phase whose authority is the rows' owner; doing it
    again changes nothing.
    """
    start = Flags(phase, read_percent={Reads.SERVICE: 100}.get(policy(phase).reads, 0))
    after = reconciled(start, direction.target, 7)
    assert policy(after.phase).authority == direction.target
    assert after.epoch == 7
    assert nonsense(after) == []
    assert reconciled(after, direction.target, 7) == after


def test_flags_that_fit_are_left_alone() -> None:
    """Reconciling does not move a canary, or a context that is extracted."""
    for phase, row in POLICIES.items():
        assert reconciled(Flags(phase), row.authority, 0).phase is phase
