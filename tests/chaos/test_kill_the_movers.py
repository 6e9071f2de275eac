"""kill -9 of those that move the data, and of the monolith, at every step of a hand-over in either direction."""

import pytest

from tests.chaos.scenario import Happening, Kill, brought_to, kill_during, kills, prove
from tests.chaos.stage import Stage

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("kill the movers")]


@pytest.mark.parametrize("kill", kills("monolith", "control", "relay"), ids=str)
def test_trap_8_a_hand_over_survives(stage: Stage, kill: Kill) -> None:
    """Nothing acknowledged is lost or doubled, authority is on one side, no lock is left, and a repetition completes."""
    before = brought_to(stage, kill.direction)
    happening = Happening(stage, str(kill))
    with happening.under_way() as traffic:
        kill_during(stage, kill)
        if kill.victim != "control":
            stage.await_ready(kill.victim)
        traffic.await_all()
    prove(happening, kill, before)
