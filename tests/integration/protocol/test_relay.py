"""The relay's rounds: nothing lost by order, nothing changed twice, nothing blocked by what fails."""

import threading
from dataclasses import replace

import psycopg
import pytest

from chassis.replica import authority, outbox, retry
from chassis.replica.authority import Authority, Misdirected
from chassis.replica.keys import LANE_CLASS, LANES, lane_key
from chassis.replica.wire import Header
from migrations_tools.relay.drain import drain
from migrations_tools.relay.rounds import ALL_LANES
from tests.integration.protocol.toy import AGGREGATE, CONTEXT, Toy


def test_trap_1_sequence_order_is_not_commit_order(toy: Toy) -> None:
    """A began first and commits last; a relay that remembered the last id would lose it."""
    slow = toy.session(toy.monolith, "slow writer")
    slow.execute("BEGIN")
    a = toy.insert("a", session=slow)
    b = toy.insert("b")
    assert toy.relay() == 0, "b is above the horizon as long as a is undecided"
    slow.execute("COMMIT")
    assert toy.relay() == 2
    assert set(toy.there()) == {a, b}


def test_trap_16_a_strangers_long_transaction_costs_lag_and_no_loss(toy: Toy) -> None:
    """It holds the horizon back for ordinary rounds, which apply nothing; the drain under the fence takes everything."""
    stranger = toy.session(toy.monolith, "stranger")
    stranger.execute("BEGIN")
    stranger.execute("INSERT INTO stranger VALUES (1)")
    key = toy.insert("a")
    before = outbox.horizon(toy.m, CONTEXT)
    assert toy.relay() == 0
    assert drain(toy.round(), seconds=2) == 1
    assert toy.there() == toy.here() != {}
    assert list(toy.there()) == [key]
    assert outbox.horizon(toy.m, CONTEXT) == before
    stranger.execute("ROLLBACK")
    assert outbox.horizon(toy.m, CONTEXT) > before


def test_trap_7_the_same_batch_again_changes_nothing(toy: Toy) -> None:
    """The acknowledgement was lost: the repeated batch is recognised by its number and gets the answer it got."""
    key = toy.insert("a")
    documents = toy.here()
    header = Header(CONTEXT, AGGREGATE, 1, ALL_LANES, sequence=10, horizon=1)
    assert toy.service.apply(header, documents, [key]).applied == 1
    version = toy.s.execute("SELECT xmin::text FROM account").fetchone()
    again = toy.service.apply(header, documents, [key])
    assert again.duplicate
    assert again.applied == 0
    assert toy.s.execute("SELECT xmin::text FROM account").fetchone() == version


def test_trap_7_an_older_batch_never_overwrites_a_newer(toy: Toy) -> None:
    """A batch that was overtaken on its lane is ignored whole."""
    key = toy.insert("a", name="old")
    old = toy.here()
    toy.m.execute("UPDATE account SET name = 'new'")
    header = Header(CONTEXT, AGGREGATE, 1, (key % LANES,), sequence=10, horizon=1)
    toy.service.apply(replace(header, sequence=11), toy.here(), [key])
    assert toy.service.apply(header, old, [key]).duplicate
    assert toy.there()[key]["name"] == "new"


def test_a_repeated_batch_reports_the_same_refusals(toy: Toy) -> None:
    """What was refused the first time is told again, or the sender would delete its identity."""
    toy.s.execute("ALTER TABLE account ADD CHECK (name <> 'poison')")
    key = toy.insert("a", name="poison")
    header = Header(CONTEXT, AGGREGATE, 1, ALL_LANES, sequence=10, horizon=1)
    first = toy.service.apply(header, toy.here(), [key])
    again = toy.service.apply(header, toy.here(), [key])
    assert [one.key for one in first.refused] == [one.key for one in again.refused] == [key]


def test_trap_11_poison_parks_alone_and_visibly(toy: Toy) -> None:
    """One aggregate that cannot be applied backs off and parks; all the others arrive; a replay brings it when it is mended."""
    toy.s.execute("ALTER TABLE account ADD CONSTRAINT no_poison CHECK (name <> 'poison')")
    keys = [toy.insert(f"c{n}", name="poison" if n == 13 else "fine") for n in range(40)]
    rounds = toy.round()
    assert rounds.run(limit=1000).applied == 39
    for _ in range(retry.ATTEMPTS):
        toy.m.execute("UPDATE banyan_retry SET not_before = clock_timestamp()")
        rounds.run(limit=1000)
    (parked,) = retry.parked(toy.m, CONTEXT)
    assert parked.key == keys[13]
    assert parked.reason == "23514"
    assert outbox.backlog(toy.m, CONTEXT).parked == 1
    assert toy.queued() == [keys[13]], "a parked aggregate stays queued"
    toy.insert("later")
    assert rounds.run(limit=1000).applied == 1, "and blocks nobody"
    toy.s.execute("ALTER TABLE account DROP CONSTRAINT no_poison")
    assert retry.replay(toy.m, CONTEXT) == 1
    assert rounds.run(limit=1000).applied == 1
    assert toy.there() == toy.here()


def test_trap_17_a_unique_value_that_changes_hands(toy: Toy) -> None:
    """A frees a code and B takes it; B alone cannot be applied, both together can."""
    a, b = toy.insert("x"), toy.insert("y")
    toy.relay()
    toy.m.execute("UPDATE account SET code = 'z' WHERE id = %s", (a,))
    toy.m.execute("UPDATE account SET code = 'x' WHERE id = %s", (b,))
    toy.m.execute("DELETE FROM banyan_outbox WHERE key = %s", (a,))
    rounds = toy.round()
    rounds.run(limit=1)
    assert toy.there() == toy.here()
    assert toy.queued() == []


@pytest.mark.parametrize("direction", ["to_service", "to_monolith"])
@pytest.mark.parametrize("limit", [1, 1000])
def test_trap_17_a_swap_and_a_ring(toy: Toy, direction: str, limit: int) -> None:
    """Values that go round among several aggregates fit only as a set; in both directions, however the batches are cut."""
    keys = [toy.insert(f"c{n}") for n in range(7)]
    toy.relay()
    session = toy.m
    if direction == "to_monolith":
        toy.s.execute("SELECT banyan_capture_users(true)")
        for side in (toy.m, toy.s):
            authority.raise_to(side, Authority(CONTEXT, "service", 2))
        session = toy.s
    session.execute("UPDATE account SET code = 'c' || ((substr(code, 2)::int + 1) % 7)")
    rounds = toy.round(direction)
    while rounds.run(limit=limit).applied:
        pass
    assert toy.there() == toy.here()
    assert toy.there()[keys[0]]["code"] == "c1"
    assert toy.queued(session) == []
    assert session.execute("SELECT count(*) FROM banyan_retry").fetchone() == (0,)


def test_trap_17_a_conflict_never_parks(toy: Toy) -> None:
    """A value whose holder's change has not been captured yet is retried for as long as it takes, and then fits."""
    key = toy.insert("wanted")
    toy.s.execute("SET banyan.applying = 'users'")
    toy.s.execute("INSERT INTO account (id, code) VALUES (999, 'wanted')")
    rounds = toy.round()
    for _ in range(retry.ATTEMPTS + 3):
        toy.m.execute("UPDATE banyan_retry SET not_before = clock_timestamp()")
        retry.record(toy.m, CONTEXT, AGGREGATE, [retry.Refused(key, retry.CONFLICT, "held", [999])])
    assert retry.parked(toy.m, CONTEXT) == []
    toy.m.execute("UPDATE banyan_retry SET not_before = clock_timestamp()")
    rounds.run(limit=10)
    assert toy.there() == toy.here(), "the holder is unknown here, so the resolution carries its tombstone"


def test_trap_19_a_batch_in_flight_across_the_flip_is_refused(toy: Toy) -> None:
    """Read under epoch 1, applied after authority came here and went back: it must not overwrite what happened since."""
    key = toy.insert("a", name="before")
    stale = toy.here()
    header = Header(CONTEXT, AGGREGATE, 1, ALL_LANES, sequence=10, horizon=1)
    authority.raise_to(toy.s, Authority(CONTEXT, "service", 2))
    with pytest.raises(Misdirected):
        toy.service.apply(header, stale, [key])
    authority.raise_to(toy.s, Authority(CONTEXT, "monolith", 3))
    with pytest.raises(Misdirected):
        toy.service.apply(header, stale, [key])
    assert toy.there() == {}


def test_a_round_stops_when_its_source_has_lost_authority(toy: Toy) -> None:
    """A relay that did not hear of a hand-over finds out before it reads."""
    toy.insert("a")
    authority.raise_to(toy.m, Authority(CONTEXT, "service", 2))
    with pytest.raises(Misdirected):
        toy.round().run(limit=10)


def test_a_busy_lane_is_left_alone(toy: Toy) -> None:
    """Two relays never work on one lane at once."""
    toy.insert("a")
    first, second = toy.round(), toy.round()
    first.connection.execute("SELECT pg_advisory_lock(%s, %s)", _lane_lock(0))
    assert second.run(limit=10).busy
    first.connection.execute("SELECT pg_advisory_unlock(%s, %s)", _lane_lock(0))
    assert second.run(limit=10).applied == 1


def test_two_relays_at_once_lose_and_double_nothing(toy: Toy) -> None:
    """Any number of relays may run: lanes keep them apart."""
    toy.m.execute("INSERT INTO account (id, code) SELECT g, 'c' || g FROM generate_series(1, 2000) AS g")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            rounds = toy.round()
            while not outbox.is_empty(rounds.connection, CONTEXT):
                for lane in range(LANES):
                    rounds.run((lane,), limit=50)
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert toy.there() == toy.here()


def test_trap_22_a_day_of_writes_leaves_the_queue_small(toy: Toy) -> None:
    """Rows come and go; neither the table nor its index keeps growing with them."""
    toy.m.execute("INSERT INTO account (id, code) SELECT g, 'c' || g FROM generate_series(1, 500) AS g")
    measure = "SELECT pg_relation_size('banyan_outbox'), pg_relation_size('banyan_outbox_pkey')"
    sizes, bursts = [], []
    rounds = toy.round()
    for burst in range(40):
        toy.m.execute("UPDATE account SET name = %s", (str(burst),))
        bursts.append(toy.m.execute(measure).fetchone())
        while rounds.run(limit=1000).applied:
            pass
        toy.m.execute("VACUUM banyan_outbox")
        sizes.append(toy.m.execute(measure).fetchone())
    # A burst or two may stay while another session of the cluster holds the horizon back.
    assert max(size[0] for size in sizes) <= 3 * bursts[0][0]
    assert max(size[1] for size in sizes) <= 3 * bursts[0][1]


def test_trap_22_autovacuum_is_told_to_come_early(toy: Toy) -> None:
    """The queue's own settings, not the cluster's, decide when it is cleaned."""
    options = toy.m.execute("SELECT reloptions FROM pg_class WHERE relname = 'banyan_outbox'").fetchone()
    assert options is not None
    assert "autovacuum_vacuum_scale_factor=0" in options[0]


def _lane_lock(lane: int) -> tuple[int, int]:
    return (LANE_CLASS, lane_key(CONTEXT, lane))


def test_a_session_that_lost_its_lane_cannot_delete(toy: Toy) -> None:
    """Identities go with the session that holds the lane; a killed one leaves them for its successor."""
    toy.insert("a")
    rounds = toy.round()
    pid = rounds.connection.info.backend_pid
    taken = outbox.take(rounds.connection, CONTEXT, ALL_LANES, 10)
    toy.m.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        outbox.delete(rounds.connection, CONTEXT, taken[0].rows)
    assert len(toy.queued()) == 1
    assert toy.relay() == 1
