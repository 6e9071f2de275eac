"""Each detector of the checker, with the fault planted that it is there to find."""

import pytest

from migrations_tools.demo.record import Ended, Outcome
from tests.integration.demo.conftest import BEGAN, EMAIL, NOBODY, Sides, order


def test_a_run_that_kept_its_promises_is_good(sides: Sides) -> None:
    """Without a fault nothing is found, and everything was measured."""
    verdict = sides.verdict()
    assert verdict.findings["lost"].samples == ()
    assert verdict.good
    assert verdict.authority == "service"
    assert verdict.acknowledged_writes == 6


@pytest.mark.parametrize(
    ("side", "fault"),
    [
        ("users", "UPDATE accounts SET name_display = 'older'"),
        ("users", "UPDATE accounts SET preferences = '{}'"),
        ("users", "UPDATE addresses SET label = 'older' WHERE number = 70"),
        ("users", "DELETE FROM addresses WHERE number = 0"),
        ("users", "DELETE FROM sessions"),
        ("users", "UPDATE sessions SET revoked_at = now()"),
        ("users", NOBODY),
        ("monolith", "DELETE FROM orders_order"),
        ("monolith", "UPDATE orders_order SET number = 'SO2'"),
    ],
)
def test_a_lost_write_is_found(sides: Sides, side: str, fault: str) -> None:
    """An acknowledged value that the authoritative side does not hold is lost, whichever kind of write it was."""
    sides.execute(side, fault)
    verdict = sides.verdict()
    assert verdict.lost.count
    assert not verdict.good


def test_the_other_side_does_not_stand_in(sides: Sides) -> None:
    """What the monolith lost while the service has authority is a divergence, not a lost write; and the other way round."""
    sides.execute("monolith", "UPDATE users_user SET nickname = 'older'")
    verdict = sides.verdict()
    assert (verdict.lost.count, verdict.divergent.count) == (0, 1)
    sides.execute("monolith", "UPDATE banyan_authority SET owner = 'monolith', epoch = 3")
    verdict = sides.verdict()
    assert verdict.authority == "monolith"
    assert (verdict.lost.count, verdict.divergent.count) == (1, 1)


@pytest.mark.parametrize(
    ("side", "fault"),
    [
        ("users", "INSERT INTO addresses (account_id, number, kind, label, lines) VALUES (7, 71, 'home', 'r1-000002', '{x}')"),
        ("users", "INSERT INTO accounts (id, email, name_display) VALUES (8, 'b@x', 'r1-000001')"),
        ("users", """INSERT INTO accounts (id, email, preferences) VALUES (8, 'b@x', '{"last_seen": "r1-000003"}')"""),
        ("users", "INSERT INTO accounts (id, email) VALUES (8, 'R1-000001@shoppers.example')"),
        ("monolith", order("SO2", user=9, key="'r1-000004'")),
        ("monolith", order("SO2")),
        ("monolith", order("SO2", key="'never sent'")),
    ],
)
def test_a_doubled_write_is_found(sides: Sides, side: str, fault: str) -> None:
    """A value that stands in two rows, whoever's they are, and an order under no key that was sent, are writes done twice."""
    sides.execute(side, fault)
    verdict = sides.verdict()
    assert verdict.doubled.count == 1
    assert not verdict.good


@pytest.mark.parametrize(
    ("side", "fault"),
    [
        ("monolith", "UPDATE users_user SET modified = modified + interval '1 microsecond'"),
        ("monolith", "UPDATE users_user SET phone_type = 2"),
        ("monolith", "UPDATE users_user SET postal_code = '8000'"),
        ("monolith", "UPDATE users_user SET password = 'x'"),
        ("monolith", "UPDATE users_address SET address_line2 = 'x'"),
        ("monolith", "DELETE FROM users_address"),
        ("monolith", "INSERT INTO users_preference (user_id, name, value) VALUES (7, 'theme', 'dark')"),
        ("monolith", "UPDATE users_refreshtoken SET used_at = now()"),
        ("monolith", "INSERT INTO users_user (id, email) VALUES (6, 'b@x')"),
        ("users", "INSERT INTO accounts (id, email) VALUES (8, 'b@x')"),
        ("users", "INSERT INTO addresses (account_id, number, kind, lines) VALUES (7, 71, 'home', '{x}')"),
    ],
)
def test_a_divergent_customer_is_found(sides: Sides, side: str, fault: str) -> None:
    """One field, one row too many, or one too few makes one customer divergent, and nothing else is blamed."""
    sides.execute(side, fault)
    verdict = sides.verdict()
    assert verdict.divergent.count == 1
    assert (verdict.lost.count, verdict.doubled.count) == (0, 0)


def test_the_parts_of_a_customer_are_one_divergence(sides: Sides) -> None:
    """Customers are counted, not rows."""
    sides.execute("monolith", "UPDATE users_user SET nickname = 'x'", "DELETE FROM users_address", "DELETE FROM users_preference")
    assert sides.verdict().divergent.count == 1


def test_an_unanswered_write_may_be_there_or_not(sides: Sides) -> None:
    """Nobody was promised anything; but the request failed, and that is found."""
    sides.write(9, "add address", {"label:r1-000009": 1}, Outcome.UNKNOWN)
    verdict = sides.verdict()
    assert (verdict.lost.count, verdict.doubled.count, verdict.failed.count) == (0, 0, 1)
    insert = "INSERT INTO addresses (account_id, number, kind, label, lines) VALUES (7, {}, 'home', 'r1-000009', '{{x}}')"
    sides.execute("users", insert.format(71))
    assert sides.verdict().doubled.count == 0
    sides.execute("users", insert.format(72))
    assert sides.verdict().doubled.count == 1


def test_an_unanswered_order_is_no_unasked_one(sides: Sides) -> None:
    """An order whose answer was lost was asked for; it may be there once."""
    sides.write(9, "order", {"key:r1-000009": "?"}, Outcome.UNKNOWN)
    sides.execute("monolith", order("SO9", key="'r1-000009'"))
    assert sides.verdict().doubled.count == 0


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN])
def test_a_failed_request_is_found(sides: Sides, outcome: Outcome) -> None:
    """A 500 and no answer at all are failures alike; a refusal by rule is none."""
    sides.entries.append(Ended(9, BEGAN, "browse", "", Outcome.REFUSED, 401, 0.01))
    assert sides.verdict().good
    sides.entries.append(Ended(10, BEGAN, "browse", "", outcome, 500, 0.01))
    verdict = sides.verdict()
    assert verdict.failed.count == 1
    assert not verdict.good


def test_a_stale_read_is_found(sides: Sides) -> None:
    """A read that missed an acknowledged write of the same customer."""
    sides.entries.append(Ended(9, BEGAN, "read me", EMAIL, Outcome.ACKNOWLEDGED, 200, 0.01, missing=["nickname: …"]))
    verdict = sides.verdict()
    assert verdict.stale.count == 1
    assert not verdict.good


def test_nothing_written_proves_nothing(sides: Sides) -> None:
    """A run without an acknowledged write is not good, however little was found."""
    sides.entries = sides.entries[:1]
    assert not sides.verdict().good


def test_what_was_not_compared_is_not_good(sides: Sides) -> None:
    """Where the sides were not compared, divergence counts as not measured, which is not none."""
    verdict = sides.proof.verdict(compare=False)
    assert verdict.divergent.count is None
    assert not verdict.good


def test_settling_waits_for_the_queues(sides: Sides) -> None:
    """While a change waits to be replicated the sides may differ, so the proof is told."""
    assert sides.proof.settle(timeout=0)
    sides.execute("users", "INSERT INTO banyan_outbox (context, lane, aggregate, key) VALUES ('users', 0, 'user', 7)")
    assert not sides.proof.settle(timeout=0)
