"""kill -9 of the relay while it has much to do: it resumes, and nothing is lost."""

import time
from typing import Any

import psycopg
import pytest

from migrations_tools.phases import Direction
from tests.chaos.scenario import CUSTOMERS_AT_WORK, Happening, brought_to
from tests.chaos.stage import CUSTOMERS, READY, Stage

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("operators")]
KILLS = 3
Session = psycopg.Connection[Any]


def test_trap_8_a_backfill_survives_its_relay(stage: Stage) -> None:
    """Small pages and a short queue make it take many rounds; the relay dies between them, three times."""
    brought_to(stage, Direction.TO_SERVICE)
    happening = Happening(stage, "backfill")
    with happening.under_way() as traffic, stage.connected("monolith") as connection:
        stage.operator.manage("context", "backfill", "users", "--json", "--restart", "--page-rows", "10", "--max-waiting", "10")
        for number in range(1, KILLS + 1):
            _await_done(connection, number * CUSTOMERS // (KILLS + 2))
            stage.kill("relay")
        ending = stage.operator.ending()
        assert ending.succeeded, ending.failed
        traffic.await_all()
    _assert_unharmed(happening)


def test_trap_8_the_way_back_survives_its_relay(stage: Stage) -> None:
    """While the service has authority, what customers write there arrives at the monolith, however often the relay dies."""
    brought_to(stage, Direction.TO_MONOLITH)
    happening = Happening(stage, "way-back")
    with happening.under_way() as traffic, stage.connected("users") as connection:
        for _ in range(KILLS):
            _await_relayed(connection)
            stage.kill("relay")
            traffic.await_all()
    _assert_unharmed(happening)


def _assert_unharmed(happening: Happening) -> None:
    verdict = happening.verdict()
    assert {name: finding for name, finding in verdict.findings.items() if not finding.good} == {}
    assert verdict.acknowledged_writes >= KILLS * CUSTOMERS_AT_WORK


def _await_done(connection: Session, rows: int) -> None:
    """Until this backfill, not the one before, has queued so many aggregates; its short queue keeps the relay close behind."""
    _await(connection, "SELECT 1 FROM banyan_checkpoint WHERE finished_at IS NULL AND done >= %s", rows)


def _await_relayed(connection: Session) -> None:
    """Until the relay is at work on the service's queue (again)."""
    _await(connection, "SELECT 1 FROM pg_stat_activity WHERE application_name = %s", "banyan relay")


def _await(connection: Session, query: str, value: object) -> None:
    deadline = time.monotonic() + READY
    while not connection.execute(query, (value,)).fetchone():
        assert time.monotonic() < deadline, f"waited in vain for {query}"
        time.sleep(0.01)
