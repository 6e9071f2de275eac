"""kill -9 of the servers that requests and data go through, at every step of a hand-over in either direction."""

import pytest

from tests.chaos.scenario import Kill, kills, survives
from tests.chaos.stage import Stage

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("kill the servers")]


@pytest.mark.parametrize("kill", kills("service", "facade", "postgresql"), ids=str)
def test_trap_8_a_hand_over_survives(stage: Stage, kill: Kill) -> None:
    """Nothing acknowledged is lost or doubled, authority is on one side, no lock is left, and a repetition completes."""
    survives(stage, kill)
