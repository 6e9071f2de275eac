"""`manage.py drain URL`: what an operator runs before stopping an instance by hand."""

import io
import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from chassis.embedded import ValkeyServer
from chassis.registry.announcer import Announcer, instance
from chassis.registry.living import living
from chassis.registry.record import State
from migrations_tools.control import valkeys
from tests.integration.facade.entrance import until

HERE, THERE = "http://127.0.0.1:1001", "http://127.0.0.1:1002"


@pytest.fixture
def voices(valkey: ValkeyServer) -> Iterator[list[Announcer]]:
    """Two instances of users; of the first one two processes share the address."""
    with valkeys.connected() as client:
        client.flushall()
        made = [Announcer(instance("users", url), valkey.url(), heartbeat=0.05) for url in (HERE, HERE, THERE)]
        for voice in made:
            voice.start()
        until(lambda: len(living(client)) == 3)
        yield made
    for voice in made:
        voice.withdraw()


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("drain", *words, stdout=out)
    return out.getvalue()


def test_all_processes_at_an_address_drain_and_others_do_not(voices: list[Announcer]) -> None:
    """When the command is over all have obeyed, and it says who is left to serve."""
    assert told(f"{HERE}/") == f"{HERE} drains; 1 other instances of users serve\n"
    assert [voice.instance.state for voice in voices] == [State.DRAINING, State.DRAINING, State.SERVING]
    assert set(json.loads(told(HERE, "--json"))["drained"]) == {voice.instance.id for voice in voices[:2]}


def test_an_address_where_nobody_is_is_refused(voices: list[Announcer]) -> None:
    """A misspelt one would look like one that had drained."""
    with pytest.raises(CommandError, match=f"there is {HERE}, {THERE}"):
        told("http://127.0.0.1:1003")


def test_who_does_not_obey_is_named(voices: list[Announcer], valkey: ValkeyServer) -> None:
    """Exit code 1, and the advice not to stop it."""
    deaf = Announcer(instance("users", "http://127.0.0.1:1004"), valkey.url(), heartbeat=60)
    deaf.start()
    try:
        with valkeys.connected() as client:
            until(lambda: len(living(client)) == 4)
        with pytest.raises(CommandError, match=f"still serving: {deaf.instance.id}"):
            told("http://127.0.0.1:1004", "--seconds", "0.2")
    finally:
        deaf.withdraw()


def test_without_valkey_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, with exit code 1."""
    monkeypatch.setenv("VALKEY_URL", "valkey://127.0.0.1:1/0")
    with pytest.raises(CommandError, match="Valkey cannot be asked"):
        told(HERE)
