"""Flags change in one place, with their history, and facades hear of every change."""

import threading
from itertools import pairwise

import orjson
import pytest
from django.db import DatabaseError, connections, transaction

from chassis.embedded import ValkeyServer
from migrations_tools.control import feed, valkeys
from migrations_tools.control.flags import Reason, change, current
from migrations_tools.control.models import ContextState, PhaseChange
from migrations_tools.control.settle import Flags, NonsenseFlags
from migrations_tools.phases import NoSuchTransition, Phase
from migrations_tools.plans import UnknownContext

pytestmark = [
    pytest.mark.django_db(databases=["default", "control"], transaction=True),
    pytest.mark.usefixtures("valkey"),
]
REASON = Reason(who="ada@host", command="test")


def begin() -> None:
    change("users", REASON, phase=Phase.DUAL_WRITE, epoch=1)


def test_a_context_that_never_began_is_in_the_monolith() -> None:
    """No row means that nothing has happened yet, not that nothing is known."""
    assert current("users") == Flags()


def test_each_change_is_written_with_its_reason() -> None:
    """Who, when, from, to, epoch and the gates are in the history, in order."""
    begin()
    gates = [{"name": "lag", "ok": True}]
    change("users", Reason("ada@host", "shadow", gates, forced=True, note="late"), phase=Phase.SHADOW, shadow_percent=20)
    latest, first = PhaseChange.objects.all()
    assert (first.from_phase, first.to_phase, first.epoch) == ("monolith", "dual_write", 1)
    assert (latest.from_phase, latest.to_phase, latest.to_shadow_percent) == ("dual_write", "shadow", 20)
    assert (latest.who, latest.command, latest.gates, latest.forced, latest.note) == ("ada@host", "shadow", gates, True, "late")
    assert latest.version == first.version + 1 == ContextState.objects.get(pk="users").version


def test_a_change_to_the_same_is_none() -> None:
    """Setting a flag to what it is writes no history and raises no version."""
    begin()
    before = PhaseChange.objects.count()
    change("users", REASON, shadow_percent=0)
    assert PhaseChange.objects.count() == before


def test_refused_changes_leave_nothing_behind() -> None:
    """Neither state nor history is touched by a change that is refused."""
    begin()
    with pytest.raises(NonsenseFlags):
        change("users", REASON, read_percent=10)
    with pytest.raises(NoSuchTransition):
        change("users", REASON, phase=Phase.SERVICE)
    with pytest.raises(UnknownContext):
        change("customers", REASON, read_percent=10)
    assert PhaseChange.objects.count() == 1
    assert current("users").phase is Phase.DUAL_WRITE


@pytest.mark.parametrize("statement", ["UPDATE control_phasechange SET who = 'nobody'", "DELETE FROM control_phasechange"])
def test_the_history_cannot_be_rewritten(statement: str) -> None:
    """The database itself refuses, whoever asks, also a session that has switched ordinary triggers off."""
    begin()
    with connections["control"].cursor() as cursor:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using="control"):
            cursor.execute(statement)
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'control_phasechange_append_only'")
        assert cursor.fetchone() == ("A",)
    assert PhaseChange.objects.count() == 1


def test_versions_follow_the_order_of_the_commits() -> None:
    """Concurrent changes get distinct versions, and the last one committed has the highest."""
    begin()
    change("users", REASON, phase=Phase.SHADOW)

    def set_to(percent: int) -> None:
        change("users", REASON, shadow_percent=percent)
        connections["control"].close()

    threads = [threading.Thread(target=set_to, args=(percent,)) for percent in range(10, 60, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = list(PhaseChange.objects.order_by("version"))
    assert [row.version for row in history] == list(range(1, len(history) + 1))
    assert all(one.to_shadow_percent == two.from_shadow_percent for one, two in pairwise(history))
    assert history[-1].to_shadow_percent == current("users").shadow_percent


def test_facades_are_pushed_every_change(valkey: ValkeyServer) -> None:
    """What is pushed is the whole feed, with the version of the change."""
    with valkeys.connected() as client, client.pubsub() as heard:
        heard.subscribe(feed.CHANNEL)
        assert heard.get_message(timeout=2)["type"] == "subscribe"
        begin()
        pushed = orjson.loads(heard.get_message(timeout=2)["data"])
    assert pushed == feed.routes()
    assert pushed["version"] == 1
    assert pushed["contexts"]["users"]["phase"] == "dual_write"
    assert pushed["contexts"]["users"]["epoch"] == 1


def test_a_valkey_that_is_down_stops_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """The push fails open: facades poll as well."""
    monkeypatch.setenv("VALKEY_URL", "valkey://127.0.0.1:1/0")
    begin()
    assert current("users").phase is Phase.DUAL_WRITE
