"""The road."""

from migrations_tools.demo.walk import HAND_OVERS, ROAD
from migrations_tools.phases import Phase, transitions


def test_the_road_leads_out_back_and_out_again() -> None:
    """monolith → dual_write → shadow → canary 10, 50, 100 % → service → back → service."""
    assert [stop.stage for stop in ROAD if stop.stage] == [
        "dual_write", "shadow", "canary 10 %", "canary 50 %", "canary 100 %", "service", "rollback", "service",
    ]  # fmt: skip
    assert [stop.operation for stop in ROAD if stop.operation in HAND_OVERS] == ["cutover", "rollback", "cutover"]


def test_every_stop_is_a_command_of_the_phase_it_is_in() -> None:
    """No stop relies on a command that the table of phases does not know there."""
    phase, work = Phase.MONOLITH, {"backfill", "verify"}
    for stop in ROAD:
        if stop.operation in work or (stop.operation == "canary" and phase is Phase.CANARY):
            continue
        change = next(change for change in transitions(phase) if change.command == stop.operation)
        phase = change.to
    assert phase is Phase.SERVICE


def test_what_is_handed_over_was_verified_since_it_was_last() -> None:
    """A comparison that a hand-over has outdated proves nothing for the next cut-over."""
    verified = False
    for stop in ROAD:
        verified = verified or stop.operation == "verify"
        if stop.operation == "cutover":
            assert verified
        if stop.operation in HAND_OVERS:
            verified = False
