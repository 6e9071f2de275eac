"""What the capture triggers record: every change, once an aggregate, whatever way it was made."""

import psycopg
import pytest

from tests.integration.protocol.toy import Toy


def test_trap_3_a_savepoint_that_is_rolled_back_takes_its_identities_with_it(toy: Toy) -> None:
    """Nested transactions capture under the top-level transaction id, and only what is kept."""
    with toy.m.transaction():
        kept = toy.insert("kept")
        with toy.m.transaction(force_rollback=True):
            toy.insert("dropped")
        with toy.m.transaction():
            nested = toy.insert("nested")
        top = toy.m.execute("SELECT pg_current_xact_id()::text").fetchone()
    assert toy.queued() == [kept, nested]
    assert toy.m.execute("SELECT DISTINCT xid::text FROM banyan_outbox").fetchall() == [top]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO account (id, code) SELECT g, 'c' || g FROM generate_series(1, 3) AS g",
        "UPDATE account SET name = 'x'",
        "DELETE FROM account",
        "INSERT INTO account (id, code, name) VALUES (1, 'c1', 'up'), (2, 'c2', 'up'), (3, 'c3', 'up')"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        "WITH gone AS (DELETE FROM account RETURNING id) SELECT count(*) FROM gone",
        "MERGE INTO account a USING generate_series(1, 3) AS g ON a.id = g WHEN MATCHED THEN UPDATE SET name = 'm'"
        " WHEN NOT MATCHED THEN INSERT (id, code) VALUES (g, 'c' || g)",
    ],
)
def test_trap_4_bulk_statements_capture_every_row_they_touch(toy: Toy, statement: str) -> None:
    """Whatever the statement, each of the three aggregates is queued."""
    if not statement.startswith("INSERT INTO account (id, code) SELECT"):
        toy.m.execute("INSERT INTO account (id, code) SELECT g, 'c' || g FROM generate_series(1, 3) AS g")
        toy.m.execute("DELETE FROM banyan_outbox")
    toy.m.execute(statement)
    assert sorted(toy.queued()) == [1, 2, 3]


def test_trap_4_copy_is_captured(toy: Toy) -> None:
    """COPY fires the statement triggers like any other insert."""
    with toy.m.cursor() as cursor, cursor.copy("COPY account (id, code) FROM STDIN") as copy:
        for key in range(1, 6):
            copy.write_row((key, f"c{key}"))
    assert sorted(toy.queued()) == [1, 2, 3, 4, 5]


def test_trap_4_a_cascade_is_captured_and_arrives_as_a_tombstone(toy: Toy) -> None:
    """Deleting a root takes its parts along; the other side loses all of them."""
    key = toy.insert("a")
    toy.m.execute("INSERT INTO note (account_id, label) VALUES (%s, 'n')", (key,))
    toy.relay()
    toy.m.execute("DELETE FROM account WHERE id = %s", (key,))
    assert set(toy.queued()) == {key}
    toy.relay()
    assert toy.there() == {}
    assert toy.s.execute("SELECT count(*) FROM note").fetchone() == (0,)


@pytest.mark.parametrize("table", ["note", "account, note", "account CASCADE"])
def test_trap_4_truncate_is_refused(toy: Toy, table: str) -> None:
    """TRUNCATE fires no trigger that could name the rows, so it is turned away and nothing is lost."""
    key = toy.insert("a")
    with pytest.raises(psycopg.Error) as refused:
        toy.m.execute(f"TRUNCATE {table}")
    assert refused.value.sqlstate == "BYTRU"
    assert list(toy.here()) == [key]


def test_trap_4_a_changed_primary_key_moves_the_aggregate(toy: Toy) -> None:
    """Old and new key are both queued: one arrives as a tombstone, the other as a new aggregate."""
    key = toy.insert("a")
    toy.relay()
    toy.m.execute("UPDATE account SET id = 500 WHERE id = %s", (key,))
    assert sorted(toy.queued()) == [key, 500]
    toy.relay()
    assert toy.there() == toy.here()
    assert list(toy.there()) == [500]


def test_trap_4_a_part_that_moves_to_another_root_touches_both(toy: Toy) -> None:
    """Both roots are queued, and both arrive right whichever comes first."""
    first, second = toy.insert("a"), toy.insert("b")
    toy.m.execute("INSERT INTO note (account_id, label) VALUES (%s, 'n')", (first,))
    toy.relay()
    toy.m.execute("UPDATE note SET account_id = %s", (second,))
    assert sorted(toy.queued()) == [first, second]
    toy.relay()
    assert toy.there() == toy.here()


def test_trap_20_the_replica_role_does_not_slip_past_capture_or_fence(toy: Toy) -> None:
    """`session_replication_role = replica` disables ordinary triggers, and neither of these."""
    modes = toy.m.execute("SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname LIKE 'banyan%'").fetchall()
    assert modes == [("A",)]
    assert toy.s.execute("SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgname LIKE 'banyan%'").fetchall() == [("A",)]


def test_the_relays_own_writes_are_not_captured(toy: Toy) -> None:
    """What was applied is not queued again on the receiving side, even while that side captures."""
    toy.s.execute("SELECT banyan_capture_users(true)")
    toy.insert("a")
    toy.relay()
    assert toy.queued(toy.s) == []


def test_a_rolled_back_write_leaves_nothing(toy: Toy) -> None:
    """Identities share the fate of the writer's transaction."""
    with toy.m.transaction(force_rollback=True):
        toy.insert("a")
    assert toy.queued() == []
