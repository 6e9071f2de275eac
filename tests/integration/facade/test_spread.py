"""`manage.py flag` is over when every worker of every facade routes by it, and names those that do not: three facades of two
workers, the real control API, and a Valkey that one of them cannot reach.
"""

import io
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django.live_server_helper import LiveServer

from chassis import env
from chassis.embedded import ValkeyServer
from migrations_tools.control import facades, valkeys
from migrations_tools.control.flags import Reason, change
from migrations_tools.control.models import FacadeWorker
from migrations_tools.phases import Phase
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import workers
from tests.integration.facade.scripted import ScriptedUpstream

pytestmark = pytest.mark.django_db(databases=["default", "control"], transaction=True)
FLAG = "users.shadow_percent"


@pytest.fixture
def entrances(live_server: LiveServer, valkey: ValkeyServer, tmp_path: Path) -> Iterator[list[Entrance]]:
    """Of the last one the Valkey is down."""
    reason = Reason("ada@host", "test")
    change("users", reason, phase=Phase.DUAL_WRITE, epoch=1)
    change("users", reason, phase=Phase.SHADOW, shadow_percent=1)
    with valkeys.connected() as client:
        client.flushall()
    behind = {"MONOLITH_URL": live_server.url, "BANYAN_INTERNAL_TOKEN": env.internal_token(), "FACADE_POLL_INTERVAL": "0.5"}
    urls = (valkey.url(), valkey.url(), "valkey://127.0.0.1:1/0")
    made = [
        Entrance(ScriptedUpstream(), tmp_path / str(number), {**behind, "VALKEY_URL": url}, workers=2)
        for number, url in enumerate(urls)
    ]
    with ThreadPoolExecutor() as pool:
        list(pool.map(Entrance.start, made))
    until(lambda: facades.await_applied(2, seconds=0).told == 6)
    yield made
    with ThreadPoolExecutor() as pool:
        list(pool.map(Entrance.stop, made))


def flag(percent: int) -> dict[str, Any]:
    """What `manage.py flag --json` tells of the facades. Raises `CommandError` with the exit code of 1."""
    out = io.StringIO()
    call_command("flag", FLAG, str(percent), "--json", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    assert told[FLAG] == percent
    return dict(told["facades"])


def test_a_flag_is_over_when_every_worker_has_it(entrances: list[Entrance]) -> None:
    """All six are counted, those too that hear of it only by asking control."""
    told = flag(20)
    assert (told["told"], told["late"], told["lost"]) == (6, [], [])
    cut_off = [f"-{pid}-" for pid in workers(entrances[2])]
    told_control = [row.name for row in FacadeWorker.objects.filter(version=3)]
    assert all(any(pid in name for name in told_control) for pid in cut_off)


def test_a_worker_that_hangs_is_named_and_the_others_are_counted(
    entrances: list[Entrance], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag stands, the exit code is 1, and the message has the worker's process id in its name. Once it goes on, the same
    command ends with 0.
    """
    monkeypatch.setattr(facades, "WAIT_SECONDS", 2.0)
    hanging = workers(entrances[0])[0]
    os.kill(hanging, signal.SIGSTOP)
    try:
        with pytest.raises(CommandError) as named:
            flag(30)
    finally:
        os.kill(hanging, signal.SIGCONT)
    said = str(named.value)
    assert named.value.returncode == 1
    assert f"-{hanging}-" in said
    assert "5 workers of facades have it" in said
    others = [pid for entrance in entrances for pid in workers(entrance) if pid != hanging]
    assert not any(f"-{pid}-" in said for pid in others)
    monkeypatch.setattr(facades, "WAIT_SECONDS", 10.0)
    assert flag(30)["told"] == 6


def test_a_facade_that_was_stopped_is_waited_for_no_longer(entrances: list[Entrance]) -> None:
    """Its workers say farewell to control and to Valkey; nothing has to expire first."""
    entrances[0].stop()
    entrances[2].stop()
    told = flag(40)
    assert (told["told"], told["late"], told["lost"]) == (2, [], [])
    with valkeys.connected() as client:
        assert client.scard("banyan:facades") == 2
        assert len(client.keys("banyan:facade:*")) == 2
