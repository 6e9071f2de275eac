"""While others write: in-process callers lose and double nothing, and verification raises no false alarm."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.db import connections, transaction

from chassis.replica.authority import of_this_side
from migrations_tools.control.models import VerifyRun
from migrations_tools.plans.users import PLAN
from migrations_tools.relay.sides import Sides
from migrations_tools.seams import users_port
from migrations_tools.verify import run as running
from migrations_tools.verify.compare import compare_page
from monolith.users.api import NewAddress
from monolith.users.models import User
from tests.integration.migrations_tools.road.conftest import Eventually
from tests.integration.migrations_tools.road.operate import done, on_the_way

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"], transaction=True),
    pytest.mark.usefixtures("relay"),
]


PACE_SECONDS = 0.03
"""An aggregate that never stands still for as long as a change takes to arrive is rightly "not measured"."""


class Writer(threading.Thread):
    """A caller that adds addresses, to one of its customers after the other, within transactions
    of its own.
    """

    def __init__(self, keys: list[int], stop: threading.Event) -> None:
        super().__init__()
        self.keys, self.stop = keys, stop
        self.acknowledged: list[tuple[int, int]] = []
        self.failures: list[Exception] = []

    def run(self) -> None:
        try:
            while not self.stop.wait(PACE_SECONDS):
                self.write_once(len(self.acknowledged))
        except Exception as failure:  # noqa: BLE001 - the test tells of any
            self.failures.append(failure)
        finally:
            connections.close_all()

    def write_once(self, number: int) -> None:
        key = self.keys[number % len(self.keys)]
        with transaction.atomic():
            added = users_port().save_address(key, NewAddress("shipping", f"{number}", (), "Riga", "", "", "LV"))
            # The caller's transaction must still be usable, whichever side executed the call.
            Group.objects.create(name=f"{key}/{number}")
        self.acknowledged.append((key, added.number))


@contextmanager
def writing(customers: list[int]) -> Iterator[list[Writer]]:
    """Three callers, between them all customers, for as long as the block runs."""
    users_port.cache_clear()
    stop = threading.Event()
    writers = [Writer(customers[part::3], stop) for part in range(3)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        stop.set()
        for writer in writers:
            writer.join()


@pytest.fixture
def customers(both: Sides) -> list[int]:
    return [User.objects.create(email=f"user{number}@example.org").pk for number in range(20)]


def test_calls_meet_hand_overs_in_their_middle(both: Sides, customers: list[int], eventually: Eventually) -> None:
    """Callers write on through a cut-over, a roll-back and another cut-over: each call is
    executed exactly once.
    """
    on_the_way()
    with writing(customers) as writers:
        for direction, owner in (("cutover", "service"), ("rollback", "monolith"), ("cutover", "service")):
            marks = [len(writer.acknowledged) for writer in writers]
            eventually(lambda marks=marks: all(len(w.acknowledged) > mark + 3 for w, mark in zip(writers, marks, strict=True)))
            if direction == "cutover":
                done("context", "verify", "users")
            done("context", direction, "users")
            assert of_this_side("users").owner == owner
    assert [writer.failures for writer in writers] == [[], [], []]
    acknowledged = sorted(pair for writer in writers for pair in writer.acknowledged)
    found = users_port().customers(customers)
    assert sorted((key, line.number) for key, one in found.items() for line in one.addresses) == acknowledged
    assert Group.objects.count() == len(acknowledged)
    assert done("context", "verify", "users")["equal"] == len(customers)


def test_verification_raises_no_false_alarm_under_live_writes(both: Sides, customers: list[int]) -> None:
    """Customers that change all the time are compared all the same, and found equal."""
    done("context", "begin", "users")
    done("context", "backfill", "users")
    with writing(customers) as writers:
        for _ in range(5):
            assert done("context", "verify", "users")["equal"] == len(customers)
    assert all(writer.acknowledged for writer in writers)


def test_an_interrupted_comparison_goes_on_where_it_stopped(
    both: Sides, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was compared before the interruption is not compared again, and is in the counts of the end."""
    done("context", "begin", "users")
    done("context", "backfill", "users")
    pages: list[int] = []

    def few(pair: object, aggregate: str, after: int, **options: object) -> object:
        if len(pages) == 2:
            pages.append(-1)
            raise KeyboardInterrupt
        pages.append(after)
        return compare_page(pair, aggregate, after, limit=6, **options)

    monkeypatch.setattr(running, "compare_page", few)
    with pytest.raises(KeyboardInterrupt):
        done("context", "verify", "users")
    interrupted = VerifyRun.objects.get()
    assert (interrupted.outcome, interrupted.equal) == ("running", 12)
    assert done("context", "verify", "users")["equal"] == len(customers)
    assert VerifyRun.objects.get().pk == interrupted.pk
    assert pages[3] == interrupted.checkpoint[PLAN.aggregates[0].name]
