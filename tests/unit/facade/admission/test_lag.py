"""How late the loop is, in made-up time."""

import asyncio

import pytest

from facade.admission.lag import Lag
from tests.unit.facade.admission.clock import MadeUpLoop, run


async def lag_after(busy: float, idle: float) -> float:
    """What is told after so much work at once and so much rest."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, MadeUpLoop)
    lag = Lag()
    await asyncio.sleep(0.1)
    assert lag.longest == pytest.approx(0.0, abs=1e-6)
    loop.spend(busy)
    await asyncio.sleep(idle)
    lag.stop()
    return lag.longest


@pytest.mark.parametrize("idle", [0.01, 0.4])
def test_a_long_turn_is_told(idle: float) -> None:
    """At once and for a while: as long as an answer may still be under way that it made late."""
    assert run(lag_after(0.2, idle)) == pytest.approx(0.2, abs=0.011)


def test_a_long_turn_is_forgotten() -> None:
    """After a second without another."""
    assert run(lag_after(0.2, 1.2)) == pytest.approx(0.0, abs=1e-6)
