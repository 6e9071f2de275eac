"""Where routes come from, and what stays when everything is gone (trap 14)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.scripted import FEED_PATH, Received, ScriptedUpstream, answer

ME = "/api/v1/users/me"


@pytest.fixture
def sides() -> Iterator[tuple[ScriptedUpstream, ScriptedUpstream]]:
    monolith = ScriptedUpstream(lambda request: answer(b"monolith")).start()
    service = ScriptedUpstream(lambda request: answer(b"service")).start()
    yield monolith, service
    monolith.stop()
    service.stop()


def test_pushed_routes_apply_at_once_and_are_acknowledged(
    sides: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path
) -> None:
    """A push takes effect without waiting for a poll; the version in force is told under the instance's name."""
    monolith, service = sides
    valkey = TestValkey().start()
    monolith.feed = feed(1, "monolith")
    entrance = Entrance(monolith, tmp_path, {"VALKEY_URL": valkey.url, "FACADE_POLL_INTERVAL": "60"}).start()
    try:
        until(lambda: acknowledged(valkey) == b"1")
        until(lambda: valkey.ask("PUBSUB", "NUMSUB", "banyan:routes").endswith(b":1"))
        valkey.ask("PUBLISH", "banyan:routes", json.dumps(feed(2, "service", epoch=1, services=[service])))
        until(lambda: acknowledged(valkey) == b"2", 1)
        assert entrance.ask("GET", ME).body == b"service"
        for nonsense in ("{", '{"version": 9}', '{"version": 9, "contexts": {"users": {"phase": "gone"}}}'):
            valkey.ask("PUBLISH", "banyan:routes", nonsense)
        valkey.ask("PUBLISH", "banyan:routes", json.dumps(feed(1, "monolith")))
        assert entrance.ask("GET", ME).body == b"service", "neither nonsense nor an older version may change routes"
    finally:
        entrance.stop()
        valkey.stop()


def acknowledged(valkey: TestValkey) -> bytes:
    keys = [key for key in valkey.ask("KEYS", "banyan:facade:*").decode().split() if key]
    return valkey.ask("GET", keys[0]) if keys else b""


def test_feed_is_asked_for_with_the_internal_token(sides: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path) -> None:
    """The control API learns who asks."""
    monolith, _ = sides
    reading, tokens = monolith.read_body, []

    def read(request: Received, stream: BinaryIO) -> bytes:
        if request.target == FEED_PATH:
            tokens.append(request.header("authorization"))
        return reading(request, stream)

    monolith.read_body = read  # type: ignore[method-assign]
    entrance = Entrance(monolith, tmp_path).start()
    entrance.stop()
    assert tokens[0] == "Bearer secret"


def test_routes_outlive_everything(sides: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path) -> None:
    """With control, Valkey and the database gone, a facade routes on, and a new one starts with what is on disk."""
    monolith, service = sides
    valkey = TestValkey().start()
    monolith.feed = feed(3, "service", epoch=1, services=[service])
    environment = {"VALKEY_URL": valkey.url}
    entrance = Entrance(monolith, tmp_path, environment).start()
    until(lambda: entrance.ask("GET", ME).body == b"service")
    valkey.stop()
    monolith.feed = None
    monolith.stop()
    assert entrance.ask("GET", ME).body == b"service"
    assert entrance.ask("POST", ME, b"{}").body == b"service"
    entrance.stop()
    again = Entrance(monolith, tmp_path, environment).start()
    try:
        assert again.ask("GET", "/readyz").json() == {"ready": True, "routes": "disk", "version": 3}
        assert again.ask("GET", ME).body == b"service"
        # Control comes back from a restore, with an older version: it is the truth now.
        monolith.feed = feed(2, "monolith", epoch=0)
        monolith.start()
        until(lambda: again.ask("GET", ME).body == b"monolith")
    finally:
        again.stop()


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 1}', b"[]"])
def test_broken_file_does_not_stop_the_facade(
    sides: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path, content: bytes
) -> None:
    """Routes on disk that cannot be read are as good as none: the monolith answers, and a 421 would correct it."""
    monolith, _ = sides
    (tmp_path / "facade").mkdir()
    (tmp_path / "facade" / "routes.json").write_bytes(content)
    entrance = Entrance(monolith, tmp_path).start()
    assert entrance.ask("GET", ME).body == b"monolith"
    entrance.stop()


def test_trap_14_valkey_down_costs_no_request(sides: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path) -> None:
    """Without Valkey every request is answered, canary reads by the authority; with it back, by the service again."""
    monolith, service = sides
    valkey = TestValkey().start()
    monolith.feed = feed(1, "canary", epoch=1, read=100, services=[service])
    entrance = Entrance(monolith, tmp_path, {"VALKEY_URL": valkey.url}).start()
    cookie = "banyan_anon=" + "a" * 32
    try:
        until(lambda: entrance.ask("GET", ME, Cookie=cookie).body == b"service")
        valkey.stop()
        for _ in range(20):
            reply = entrance.ask("GET", ME, Cookie=cookie)
            assert (reply.status, reply.body) == (200, b"monolith")
            monolith.script = lambda request: answer(b"monolith", Banyan_Position="users=1:50")
            assert entrance.ask("POST", ME, b"{}", Cookie=cookie).status == 200
        valkey.start()
        valkey.ask("SET", "banyan:horizon:users", "1:49")
        until(lambda: valkey.ask("GET", f"banyan:ryw:users:{'a' * 32}") == b"1:50")
        assert entrance.ask("GET", ME, Cookie=cookie).body == b"monolith", "what was written meanwhile is still known"
        valkey.ask("SET", "banyan:horizon:users", "1:50")
        until(lambda: entrance.ask("GET", ME, Cookie=cookie).body == b"service")
    finally:
        entrance.stop()
        valkey.stop()


def test_young_valkey_is_not_trusted(sides: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path) -> None:
    """A Valkey that has just started may have lost positions: until that cannot matter, the authority answers."""
    monolith, service = sides
    valkey = TestValkey().start()
    monolith.feed = feed(1, "canary", epoch=1, read=100, services=[service])
    environment = {"VALKEY_URL": valkey.url, "FACADE_RESTART_SETTLE": "8"}
    entrance = Entrance(monolith, tmp_path, environment).start()
    cookie = "banyan_anon=" + "a" * 32
    try:
        assert entrance.ask("GET", ME, Cookie=cookie).body == b"monolith"
        until(lambda: entrance.ask("GET", ME, Cookie=cookie).body == b"service", 20)
    finally:
        entrance.stop()
        valkey.stop()
