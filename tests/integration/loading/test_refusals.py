"""What a load refuses, and that it writes nothing then."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.hashers import make_password
from psycopg import Connection

from chassis.replica.triggers import CapturedAggregate, CapturedTable, drop_sql, install_sql
from monolith.loading import checkpoint
from monolith.loading.adventureworks.source import AdventureWorks
from monolith.loading.errors import AnotherLoad, Collision, MovedContext, OtherPassword
from monolith.loading.generated.source import Generated
from tests.integration.loading import folders
from tests.integration.loading.conftest import Loading, Query

USERS = CapturedAggregate("users.user", CapturedTable("users_user", "id"), (CapturedTable("users_address", "user_id"),))


@pytest.fixture
def fenced(database: Connection) -> Iterator[Connection]:
    try:
        database.execute(install_sql("users", "monolith", [USERS]))  # type: ignore[call-overload]
        database.execute("SELECT banyan_capture_users(true)")
        database.execute("INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'monolith', 1)")
        yield database
    finally:
        database.execute(drop_sql("users", [USERS]))  # type: ignore[call-overload]
        database.execute("DELETE FROM banyan_authority")


@pytest.fixture
def source(tmp_path: Path) -> AdventureWorks:
    return AdventureWorks(folders.adventureworks(tmp_path))


def test_a_moved_context_is_refused_by_the_fence(fenced: Connection, source: AdventureWorks, run: Loading, query: Query) -> None:
    """Rows written on the side without authority would never be seen: the page is rolled back with its checkpoint."""
    fenced.execute("UPDATE banyan_authority SET owner = 'service', epoch = 2")
    with pytest.raises(MovedContext, match="has moved out"):
        run(source)
    assert query("SELECT count(*) FROM users_user") == [(0,)]
    assert query("SELECT stage FROM loading_checkpoint") == [("catalogue",)]


def test_loading_while_mirrored_is_captured(fenced: Connection, source: AdventureWorks, run: Loading, query: Query) -> None:
    """Each loaded customer is queued for the other side, in the transaction that wrote it."""
    run(source)
    assert query("SELECT DISTINCT key FROM banyan_outbox ORDER BY 1") == [(1,), (11,), (12,)]


def test_a_key_that_another_row_holds_is_not_overwritten(source: AdventureWorks, run: Loading, query: Query) -> None:
    """A customer that registered as number 11 is not taken for the data set's number 11."""
    query("INSERT INTO users_user (id, email) VALUES (11, 'somebody@example.com') RETURNING 1")
    with pytest.raises(Collision, match="users_user: id 11 is there already and is another row"):
        run(source)
    assert query("SELECT id, email FROM users_user") == [(11, "somebody@example.com")]


def test_an_email_that_another_customer_holds_is_not_doubled(source: AdventureWorks, run: Loading, query: Query) -> None:
    """A clash of e-mail addresses stops the load with the address in the message."""
    query("INSERT INTO users_user (id, email) VALUES (5, 'ken0@adventure-works.com') RETURNING 1")
    with pytest.raises(Collision, match=r"ken0@adventure-works\.com"):
        run(source)
    assert query("SELECT count(*) FROM users_user") == [(1,)]


def test_a_key_that_comes_twice_in_the_input_is_refused(tmp_path: Path, run: Loading, query: Query) -> None:
    """The second of two customers with one number would vanish in the conflict clause."""
    data = folders.adventureworks(tmp_path)
    row = (11, 7, "", "AW00000011", folders.DAY)
    folders.write(data / "adventureworks" / "Customer.csv.gz", folders.CUSTOMERS, [row, row])
    with pytest.raises(Collision, match="id 11 twice"):
        run(AdventureWorks(data))
    assert query("SELECT count(*) FROM users_user") == [(0,)]


def test_two_loads_at_once_are_refused(database: Connection, run: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one names the session that holds the database."""
    monkeypatch.setattr(checkpoint, "LOCK_PATIENCE", "50ms")
    with psycopg.connect(database.info.dsn, password=database.info.password, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (checkpoint.LOCK,))
        with pytest.raises(AnotherLoad, match=f"database backend {other.info.backend_pid}"):
            run(Generated(10))


def test_the_password_of_a_load_is_one(run: Loading, query: Query) -> None:
    """All customers get the same hash, also by a second run; another password is refused, not silently left out."""
    source = Generated(10)
    run(source, password="correct horse", encoded=make_password("correct horse"))
    run(source, password="correct horse", encoded=make_password("correct horse"), again=True)
    assert query("SELECT count(DISTINCT password) FROM users_user") == [(1,)]
    for other in ("battery staple", None):
        with pytest.raises(OtherPassword):
            run(source, password=other)
