"""Operators who are silent, late, or two at once."""

import signal
import time
from collections.abc import Iterator

import pytest

from chassis.replica.keys import FENCE_CLASS
from migrations_tools.control.lock import operator as name_of_operator
from tests.chaos.operator import Operator
from tests.chaos.scenario import REPEATED_FOR, Happening, Kill, assert_no_lock_is_left, brought_to, epochs, prove
from tests.chaos.stage import Stage

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("operators")]
FENCE_IDLE_SECONDS = 5.0


@pytest.fixture(scope="module")
def second(stage: Stage) -> Iterator[Operator]:
    """Another operator, at another terminal."""
    with stage.another_operator() as operator:
        yield operator


def test_a_second_operator_is_refused_with_the_name_of_the_first(stage: Stage, second: Operator) -> None:
    """Two at once could undo each other's steps; the first one is not disturbed."""
    kill = Kill("cutover", "drain", "nobody")
    brought_to(stage, kill.direction)
    stage.operator.hand_over(kill.direction, pause=kill.step)
    assert stage.operator.halted()
    second.hand_over(kill.direction)
    refusal = second.ending().failed
    assert refusal is not None
    assert refusal.startswith("ContextBusy: users is being worked on by banyan")
    assert f"{name_of_operator()} cutover {stage.operator.pid}" in refusal
    stage.operator.go_on()
    assert stage.operator.ending().succeeded
    assert_no_lock_is_left(stage)


def test_trap_10_a_control_process_that_wakes_up_late_moves_nothing(stage: Stage, second: Operator) -> None:
    """It slept with the fence in its hand: the server ends its session within the bound and the writers go on, without one failed
    request. Meanwhile another operator hands the context over and back; the sleeper finds no session to commit in.
    """
    kill = Kill("cutover", "give_up", "control")
    before = brought_to(stage, kill.direction)
    happening = Happening(stage, "sleeper")
    with happening.under_way() as traffic:
        sleeper = stage.operator
        sleeper.hand_over(kill.direction, pause=kill.step)
        assert sleeper.halted()
        sleeper.signal(signal.SIGSTOP)
        _await_free_fence(stage)
        traffic.await_all()
        assert set(epochs(stage).values()) == {("monolith", before)}
        _end_session_of_the_operator(stage)
        second.completed("to_service", REPEATED_FOR)
        second.completed("to_monolith", REPEATED_FOR)
        sleeper.signal(signal.SIGCONT)
        sleeper.go_on()
        assert sleeper.ending().failed is not None
        assert set(epochs(stage).values()) == {("monolith", before + 2)}
        traffic.await_all()
        second.completed(kill.direction, REPEATED_FOR)
        traffic.await_all()
    prove(happening, kill, before + 2)


def _await_free_fence(stage: Stage) -> None:
    deadline = time.monotonic() + 4 * FENCE_IDLE_SECONDS
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted AND classid::bigint = %s"
    with stage.connected("monolith") as connection:
        while connection.execute(held, (FENCE_CLASS,)).fetchone():
            assert time.monotonic() < deadline, "the fence outlives a silent holder"
            time.sleep(0.05)


def _end_session_of_the_operator(stage: Stage) -> None:
    """What the refusal names, and what whoever is refused would do about a holder that does not move."""
    with stage.connected("control") as connection:
        sleeping = f"banyan {name_of_operator()} cutover {stage.operator.pid}"
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
        assert connection.execute(query, (sleeping[:63],)).fetchall() == [(True,)]
