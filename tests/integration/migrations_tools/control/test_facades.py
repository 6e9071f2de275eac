"""Which workers of facades are known, and which of them a change is waited for."""

import threading
import time

import pytest
from django.db import connections
from django.test import Client

from chassis import env
from chassis.embedded import ValkeyServer
from chassis.registry.facades import FAREWELL_PREFIX, INDEX, PREFIX, Word
from migrations_tools.control import facades, valkeys
from migrations_tools.control.models import FacadeWorker

pytestmark = pytest.mark.django_db(databases=["default", "control"], transaction=True)
FEED = "/internal/control/routes"


@pytest.fixture(autouse=True)
def _empty(valkey: ValkeyServer) -> None:
    with valkeys.connected() as client:
        client.flushall()


def in_valkey(name: str, version: int) -> None:
    """As a worker tells Valkey."""
    with valkeys.connected() as client:
        client.set(f"{PREFIX}{name}", version, ex=10)
        client.sadd(INDEX, name)


def names(workers: tuple[facades.Worker, ...]) -> list[str]:
    return [worker.name for worker in workers]


def test_a_worker_is_known_by_either_way() -> None:
    """One that is cut off from Valkey, one that cannot reach control, and one that reaches both; the later version counts."""
    in_valkey("valkey-only", 3)
    facades.heard("control-only;version=2;seconds=60")
    in_valkey("both", 3)
    facades.heard("both;version=2;seconds=60")
    reach = facades.await_applied(3, seconds=0)
    assert (reach.told, names(reach.late), reach.valkey) == (2, ["control-only"], True)
    facades.heard("control-only;version=3;seconds=60")
    assert facades.await_applied(3, seconds=0).late == ()


def test_with_valkey_down_it_is_said_and_control_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the workers told control still counts; nobody has to guess what is missing."""
    monkeypatch.setenv("VALKEY_URL", "valkey://127.0.0.1:1/0")
    facades.heard("one;version=3;seconds=60")
    facades.heard("two;version=2;seconds=60")
    reach = facades.await_applied(3, seconds=0)
    assert (reach.told, names(reach.late), reach.valkey) == (1, ["two"], False)
    assert "Valkey is down" in " ".join(reach.remarks())
    assert "Valkey is down" in str(facades.FacadesBehind(reach))


def test_silence_is_no_farewell() -> None:
    """A worker that was there when the wait began is named at its end, also when its promise has run out meanwhile."""
    facades.heard("hanging;version=1;seconds=1")
    began = time.monotonic()
    reach = facades.await_applied(2, seconds=1.5)
    assert time.monotonic() - began >= 1.5
    assert names(reach.late) == ["hanging"]
    later = facades.await_applied(2, seconds=5)
    assert (later.late, names(later.lost)) == ((), ["hanging"]), "after that nobody waits for it, but it is told"
    assert "hanging" in " ".join(later.remarks())


@pytest.mark.parametrize("way", ["control", "valkey"])
def test_a_farewell_ends_the_wait(way: str) -> None:
    """A worker that stops in order is waited for no longer, whichever of the two heard its farewell."""
    facades.heard("leaving;version=1;seconds=60")

    def leave() -> None:
        if way == "control":
            facades.heard("leaving;version=1;seconds=0")
            connections["control"].close()
        else:
            with valkeys.connected() as client:
                client.set(f"{FAREWELL_PREFIX}leaving", 1, ex=10)

    timer = threading.Timer(0.2, leave)
    timer.start()
    reach = facades.await_applied(2, seconds=10)
    timer.join()
    assert (reach.late, reach.lost, reach.told) == ((), (), 0)


def test_a_late_question_does_not_take_a_farewell_back() -> None:
    """A poll that was under way when the worker said farewell must not make others wait for it."""
    facades.heard("leaving;version=1;seconds=0")
    facades.heard("leaving;version=1;seconds=60")
    assert facades.await_applied(2, seconds=0).late == ()


def test_who_asks_for_the_routes_is_remembered(client: Client) -> None:
    """With the version that is in force there, and not the one that it is being told; nonsense costs nobody its routes."""
    asking = {"Authorization": f"Bearer {env.internal_token()}"}
    word = Word("host-1-abc", 7, 12).encode()
    assert client.get(FEED, headers={**asking, "Banyan-Facade": word}).status_code == 200
    assert client.get(FEED, headers={**asking, "Banyan-Facade": "'; DROP TABLE"}).status_code == 200
    assert client.get(FEED, headers=asking).status_code == 200
    row = FacadeWorker.objects.get()
    assert (row.name, row.version, row.gone) == ("host-1-abc", 7, False)
    assert 10 < (row.expected_until - row.heard_at).total_seconds() <= 12
