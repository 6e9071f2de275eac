"""The fence: a writer either commits before a hand-over or is turned away, and never waits beyond the bound."""

import threading
import time

import psycopg
import pytest

from chassis.embedded import Cluster
from chassis.replica import authority, fence, sequences
from chassis.replica.authority import Authority, misdirected_in
from chassis.replica.connections import connect
from tests.integration.protocol.toy import CONTEXT, Toy


def test_a_side_without_authority_refuses_writes(toy: Toy) -> None:
    """The error names owner and epoch, and nothing was executed."""
    with pytest.raises(psycopg.Error) as refused:
        toy.insert("a", session=toy.s)
    found = misdirected_in(refused.value)
    assert found is not None
    assert (found.context, found.owner, found.epoch) == (CONTEXT, "monolith", 1)
    assert toy.there() == {}


def test_misdirection_is_found_only_where_it_is(toy: Toy) -> None:
    """Other database errors are not mistaken for it."""
    toy.insert("a")
    with pytest.raises(psycopg.Error) as refused:
        toy.insert("a")
    assert misdirected_in(refused.value) is None


def test_trap_20_the_replica_role_is_fenced_and_captured(toy: Toy, toy_cluster: Cluster) -> None:
    """A session with `session_replication_role = replica` is recorded here and refused there."""
    with connect(toy_cluster.superuser_url()) as superuser:
        superuser.execute("GRANT SET ON PARAMETER session_replication_role TO users")
    for session in (toy.m, toy.s):
        session.execute("SET session_replication_role = replica")
    key = toy.insert("a")
    assert toy.queued() == [key]
    with pytest.raises(psycopg.Error) as refused:
        toy.insert("b", session=toy.s)
    assert refused.value.sqlstate == "BY421"


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_trap_2_a_writer_that_waited_on_the_fence_cannot_write_to_the_old_side(toy: Toy, isolation: str) -> None:
    """Whatever snapshot its transaction has, it learns of the move or fails; it never commits."""
    writer = toy.session(toy.monolith, "waiting writer")
    writer.execute(f"BEGIN ISOLATION LEVEL {isolation}")
    writer.execute("SELECT count(*) FROM stranger")  # the snapshot is taken before the hand-over
    states: list[str | None] = []

    def write() -> None:
        try:
            toy.insert("late", session=writer)
            writer.execute("COMMIT")
            states.append("committed")
        except psycopg.Error as error:
            states.append(error.sqlstate)

    control = toy.session(toy.monolith, "control")
    with fence.exclusive(control, CONTEXT, wait_ms=1000):
        thread = threading.Thread(target=write)
        thread.start()
        _wait_for_waiter(toy)
        assert authority.give_up(control, Authority(CONTEXT, "monolith", 1))
    thread.join(10)
    assert states == ["BY421" if isolation == "READ COMMITTED" else "40001"]
    assert toy.here() == {}


def test_trap_9_writers_never_queue_behind_a_long_transaction_for_longer_than_the_bound(toy: Toy) -> None:
    """A transaction that holds the fence makes the hand-over give way, and the writers behind it go on."""
    long = toy.session(toy.monolith, "long writer")
    long.execute("BEGIN")
    toy.insert("long", session=long)
    control = toy.session(toy.monolith, "control")
    waits: list[float] = []

    def write() -> None:
        started = time.monotonic()
        toy.insert("quick")
        waits.append(time.monotonic() - started)

    thread = threading.Thread(target=write)
    _start_when_waiting(toy, thread)
    with pytest.raises(fence.FenceBusy):
        fence.exclusive(control, CONTEXT, wait_ms=300).__enter__()
    thread.join(10)
    assert len(waits) == 1, "the writer went on though the long transaction is still open"
    long.execute("COMMIT")
    assert len(toy.here()) == 2
    with fence.exclusive(control, CONTEXT, wait_ms=300):
        pass


def test_no_lock_outlives_its_holder(toy: Toy) -> None:
    """The fence is the session's: when the holder's session ends, writers go on."""
    control = toy.session(toy.monolith, "control")
    with fence.exclusive(control, CONTEXT, wait_ms=300):
        toy.m.execute("SELECT pg_terminate_backend(%s)", (control.info.backend_pid,))
        toy.insert("a")
    assert len(toy.here()) == 1


def test_a_holder_that_falls_silent_loses_the_fence_and_its_session(toy: Toy) -> None:
    """A control process that hangs cannot hold writers for ever, nor move authority when it wakes up."""
    control = toy.session(toy.monolith, "control")
    with fence.exclusive(control, CONTEXT, wait_ms=300, idle_ms=200):
        toy.insert("a")  # waits until the server ends the silent session
        with pytest.raises(psycopg.OperationalError):
            authority.give_up(control, Authority(CONTEXT, "monolith", 1))
    assert authority.read(toy.m, CONTEXT) == Authority(CONTEXT, "monolith", 1)


def test_trap_10_an_old_control_process_cannot_move_authority(toy: Toy) -> None:
    """Epochs only rise: what slept through a hand-over and back finds its epoch used up."""
    old = Authority(CONTEXT, "monolith", 1)
    assert authority.give_up(toy.m, old)
    assert authority.raise_to(toy.m, Authority(CONTEXT, "monolith", 3))
    assert not authority.give_up(toy.m, old)
    assert not authority.raise_to(toy.m, Authority(CONTEXT, "service", 2))
    assert authority.read(toy.m, CONTEXT) == Authority(CONTEXT, "monolith", 3)


def test_trap_18_keys_never_collide_after_a_hand_over_and_back(toy: Toy) -> None:
    """Each gainer allocates above whatever either side has drawn, also what was drawn and never used."""
    drawn = {toy.insert(f"m{n}") for n in range(5)}
    with toy.m.transaction(force_rollback=True):
        drawn.add(toy.insert("never kept"))
    sequences.advance(toy.s, CONTEXT, sequences.positions(toy.m, CONTEXT))
    drawn |= _drawn(toy.s, 5)
    sequences.advance(toy.m, CONTEXT, sequences.positions(toy.s, CONTEXT))
    drawn |= _drawn(toy.m, 5)
    sequences.advance(toy.s, CONTEXT, sequences.positions(toy.m, CONTEXT))
    drawn |= _drawn(toy.s, 5)
    assert len(drawn) == 6 + 15


def test_sequences_that_only_one_side_has_are_refused(toy: Toy) -> None:
    """A part whose allocator would silently stay behind stops the hand-over."""
    toy.s.execute("DELETE FROM banyan_sequence WHERE name = 'user.note'")
    with pytest.raises(KeyError, match=r"user\.note"):
        sequences.advance(toy.s, CONTEXT, sequences.positions(toy.m, CONTEXT))


def _drawn(session: psycopg.Connection[object], count: int) -> set[int]:
    rows = session.execute("SELECT nextval('account_id_seq') FROM generate_series(1, %s)", (count,)).fetchall()
    return {int(str(row[0])) for row in rows}


def _wait_for_waiter(toy: Toy) -> None:
    """Until some session waits for an advisory lock of this database."""
    query = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    deadline = time.monotonic() + 10
    while toy.m.execute(query).fetchone() == (0,):
        assert time.monotonic() < deadline, "nobody waits"


def _start_when_waiting(toy: Toy, thread: threading.Thread) -> None:
    """Start `thread` as soon as the exclusive lock is asked for."""
    watcher = toy.session(toy.monolith, "watcher")

    def watch() -> None:
        query = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND mode = 'ExclusiveLock'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        while watcher.execute(query).fetchone() == (0,):
            pass
        thread.start()

    threading.Thread(target=watch).start()
