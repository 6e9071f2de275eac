"""The hand-over from end to end on the toy context: each step, each way it can be called off, each place it can die."""

import threading

import psycopg
import pytest

from chassis.replica import authority, outbox
from chassis.replica.authority import Authority, misdirected_in
from migrations_tools.control.flags import Reason, change, current
from migrations_tools.control.models import HandOverOutcome, Journal
from migrations_tools.cutover import STEPS, Step, finish, perform, rows
from migrations_tools.cutover.hand_over import Report
from migrations_tools.cutover.state import NothingRecorded, TailDiverges, WritersHoldOut
from migrations_tools.phases import Direction, Phase
from migrations_tools.plans import PLANS
from migrations_tools.relay.drain import NotDrained, drain
from tests.integration.protocol.toy import CONTEXT, Toy

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"]),
    pytest.mark.usefixtures("valkey"),
]
PLAN = PLANS[CONTEXT]
FORTH, BACK = Direction.TO_SERVICE, Direction.TO_MONOLITH
NUMBERS = {step.name: number for number, step in enumerate(STEPS, start=1)}


class Killed(BaseException):
    """Stands for the end of the control process: nothing of it runs any more."""


@pytest.fixture(autouse=True)
def canary() -> None:
    """The control plane believes that the context is in a canary at epoch 1."""
    for phase in (Phase.DUAL_WRITE, Phase.SHADOW, Phase.CANARY):
        change(CONTEXT, Reason(who="test", command="test"), phase=phase, epoch=1)


def go(toy: Toy, direction: Direction = FORTH, **options: object) -> Report:
    return perform(PLAN, toy.sides, direction, who="test", **options)  # type: ignore[arg-type]


def at(name: str, action: object) -> object:
    """An observer that acts just before the named step."""

    def observe(_number: int, step: Step) -> None:
        if step.name == name:
            action()  # type: ignore[operator]

    return observe


def test_there_and_back_and_there_again(toy: Toy) -> None:
    """Authority, epochs, flags and the journal follow each hand-over, and data arrive both ways."""
    toy.insert("a")
    assert go(toy).epoch == 2
    assert current(CONTEXT).phase is Phase.SERVICE
    b = toy.insert("b", session=toy.s)
    assert go(toy, BACK).epoch == 3
    assert (current(CONTEXT).phase, current(CONTEXT).read_percent) == (Phase.CANARY, 0)
    assert toy.here()[b]["code"] == "b"
    toy.insert("c")
    assert go(toy).epoch == 4
    assert toy.there() == toy.here()
    assert [j.outcome for j in Journal.objects.all()] == [HandOverOutcome.DONE] * 3
    assert all(j.pause_ms is not None and len(j.steps) == len(STEPS) for j in Journal.objects.all())


def test_trap_5_what_is_written_just_before_the_fence_is_not_lost(toy: Toy) -> None:
    """The position is captured after the fence: a write between the last round and the lock is drained under it."""
    late: list[int] = []
    report = go(toy, observer=at("fence", lambda: late.append(toy.insert("late"))))
    assert late[0] in toy.there()
    drained = next(step for step in report.steps if step.name == "drain")
    assert drained.facts == {"applied": 1}


def test_a_write_during_the_fence_waits_and_is_then_sent_to_the_owner(toy: Toy) -> None:
    """It was not executed, and says where to repeat it."""
    outcome: list[object] = []

    def write() -> None:
        session = toy.session(toy.monolith, "waiting writer")
        try:
            toy.insert("waiting", session=session)
        except psycopg.Error as error:
            outcome.append(misdirected_in(error))

    thread = threading.Thread(target=write)
    go(toy, observer=at("give_up", thread.start))
    thread.join(10)
    (misdirected,) = outcome
    assert misdirected is not None
    assert (misdirected.owner, misdirected.epoch) == ("service", 2)  # type: ignore[attr-defined]
    assert toy.here() == toy.there() == {}


def test_trap_16_a_stranger_does_not_hold_the_hand_over_up(toy: Toy) -> None:
    """The drain ignores the horizon; what was committed above it goes along."""
    stranger = toy.session(toy.monolith, "stranger")
    stranger.execute("BEGIN")
    stranger.execute("INSERT INTO stranger VALUES (1)")
    key = toy.insert("a")
    go(toy)
    assert key in toy.there()


def test_trap_18_sequences_are_handed_over_both_ways(toy: Toy) -> None:
    """New keys on either side never meet those of the other."""
    keys = {toy.insert("m1"), toy.insert("m2")}
    go(toy)
    keys |= {toy.insert("s1", session=toy.s), toy.insert("s2", session=toy.s)}
    go(toy, BACK)
    keys |= {toy.insert("m3"), toy.insert("m4")}
    assert len(keys) == 6
    toy.relay()
    assert toy.here() == toy.there()


@pytest.mark.parametrize("name", [step.name for step in STEPS])
@pytest.mark.parametrize("direction", [FORTH, BACK])
def test_trap_8_a_control_process_that_dies_before_any_step(toy: Toy, direction: Direction, name: str) -> None:
    """Before the point of no return nothing has changed; after it anybody completes it. A repetition always gets there."""
    source = toy.m
    if direction is BACK:
        go(toy)
        source = toy.s
    toy.insert("a", session=source)

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        go(toy, direction, observer=at(name, die))
    monolith, service = rows(toy.sides)
    if NUMBERS[name] <= NUMBERS["give_up"]:
        assert monolith.owner == service.owner == direction.source
        toy.insert("b", session=source)
        go(toy, direction)
    else:
        assert max(monolith, service, key=lambda row: row.epoch).owner == direction.target
        finish(toy.sides, who="the relay")
    monolith, service = rows(toy.sides)
    assert monolith.owner == service.owner == direction.target
    assert monolith.epoch == service.epoch
    assert toy.here() == toy.there() != {}
    assert toy.insert("c", session=toy.s if direction is FORTH else toy.m)
    assert not _locks(toy)


@pytest.mark.parametrize(("name", "outcome"), [("drain", HandOverOutcome.CANCELLED), ("activate", HandOverOutcome.DONE)])
def test_an_interrupted_journal_is_settled_by_the_authority_rows(toy: Toy, name: str, outcome: HandOverOutcome) -> None:
    """A journal whose process died is closed at the next hand-over, by what really happened."""
    with pytest.raises(Killed):
        go(toy, observer=at(name, _die))
    Journal.objects.update(outcome=HandOverOutcome.RUNNING, finished_at=None)
    finish(toy.sides, who="test")
    go(toy, FORTH if rows(toy.sides)[0].owner == "monolith" else BACK)
    first = Journal.objects.order_by("id").first()
    assert first is not None
    assert first.outcome == outcome
    assert first.finished_at is not None


def test_writers_that_hold_out_call_it_off(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its last attempt the hand-over gives way, and authority stays."""
    monkeypatch.setattr("migrations_tools.cutover.state.FENCE_ATTEMPTS", 2)
    long = toy.session(toy.monolith, "long writer")
    long.execute("BEGIN")
    toy.insert("long", session=long)
    with pytest.raises(WritersHoldOut):
        go(toy)
    long.execute("COMMIT")
    assert rows(toy.sides)[0] == Authority(CONTEXT, "monolith", 1)
    assert Journal.objects.get().outcome == HandOverOutcome.CANCELLED


def test_a_tail_that_differs_calls_it_off(toy: Toy) -> None:
    """A fault that loses what was in flight is seen before authority moves."""
    toy.s.execute("CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
    toy.s.execute("CREATE TRIGGER lose BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION lose()")
    with pytest.raises(TailDiverges):
        go(toy, observer=at("fence", lambda: toy.insert("late")))
    assert rows(toy.sides)[0] == Authority(CONTEXT, "monolith", 1)


def test_a_gainer_that_would_record_nothing_calls_it_off(toy: Toy) -> None:
    """Trap 6: without capture there, its writes could never be brought back."""
    toy.s.execute("CREATE OR REPLACE FUNCTION banyan_capture_users(enabled boolean) RETURNS void LANGUAGE sql AS ''")
    with pytest.raises(NothingRecorded):
        go(toy)
    assert rows(toy.sides)[0] == Authority(CONTEXT, "monolith", 1)


def test_a_drain_that_cannot_end_is_called_off_within_its_bound(toy: Toy) -> None:
    """A parked aggregate keeps the queue from becoming empty."""
    toy.s.execute("ALTER TABLE account ADD CHECK (name <> 'poison')")
    toy.insert("a", name="poison")
    with pytest.raises(NotDrained):
        drain(toy.round(), seconds=0.3)
    assert outbox.backlog(toy.m, CONTEXT).pending == 1


def test_finishing_twice_is_harmless(toy: Toy) -> None:
    """Relay, service and a repeated command may all complete the same hand-over."""
    authority.give_up(toy.m, Authority(CONTEXT, "monolith", 1))
    assert finish(toy.sides, who="first") is True
    assert finish(toy.sides, who="second") is False
    assert rows(toy.sides) == (Authority(CONTEXT, "service", 2), Authority(CONTEXT, "service", 2))


def _die() -> None:
    raise Killed


def _locks(toy: Toy) -> list[tuple[object, ...]]:
    query = (
        "SELECT pid, mode FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return [row for session in (toy.m, toy.s) for row in session.execute(query).fetchall()]
