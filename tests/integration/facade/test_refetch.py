"""An answer that is renewed behind the back of its reader goes the way of every request."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.callers.tokens import Verifier
from tests.integration.facade.entrance import QUICK, Entrance, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Drop, Hang, Received, ScriptedUpstream, answer, misdirected

POLICIES = """
[defaults]
authenticate = "none"
secure = false
cache = { stale_while_revalidate = 600 }

[resilience.default]
breaker = { minimum = 3, open_seconds = 0.5, longest_open = 0.5, probes = 1 }
bulkhead = { most = 1, waiting = 0 }
deadline = { total = 0.6 }
ejection = { failures = 1000000 }
"""
ME = "/api/v1/users/me"


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    folder: Path = tmp_path_factory.mktemp("refetch")
    (folder / "policies.toml").write_text(POLICIES)
    own = {"FACADE_POLICIES": str(folder / "policies.toml"), "FACADE_TRUST_FORWARDED": "yes", "FACADE_RETRY_DEADLINE": "0.2"}
    entrance = Entrance(upstreams[0], folder / "var", own).start()
    yield entrance
    entrance.stop()


def kept(entrance: Entrance, upstream: ScriptedUpstream, path: str, **headers: str) -> None:
    """Have `old` kept, and stale at once."""
    upstream.script = lambda request: answer(b"old", Cache_Control="max-age=0, stale-while-revalidate=600", ETag='"1"')
    until(lambda: "stored" in (entrance.ask("GET", path, **headers).header("cache-status") or ""))
    upstream.received.clear()


def stale(entrance: Entrance, path: str, **headers: str) -> None:
    """Ask for it; what is kept is given, and another request is sent by the facade itself."""
    assert entrance.ask("GET", path, **headers).body == b"old"


def test_upstreams_are_told_as_much_as_of_any_request(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Who asks, in whose name, how long it is waited for; and whether what is kept is still good."""
    claims = {"X_Forwarded_For": "10.0.0.9", "X_Forwarded_Proto": "https", "Host": "shop.example", "X_Request_Id": "mine"}
    kept(entrance, monolith, "/a", **claims)
    stale(entrance, "/a", Banyan_Timeout="100", **claims)
    until(lambda: monolith.received)
    request = monolith.received[0]
    verified = Verifier(QUICK["BANYAN_INTERNAL_TOKEN"], "monolith").verify(request.header("banyan-caller") or "")
    assert verified.issuer == "facade"
    assert 100 < int(request.header("banyan-timeout") or 0) <= 600, "its own time, not that of the client, who has its answer"
    assert (request.header("host"), request.header("x-forwarded-for")) == ("shop.example", "10.0.0.9, 127.0.0.1")
    assert (request.header("x-forwarded-proto"), request.header("x-request-id")) == ("https", "mine")
    assert request.header("if-none-match") == '"1"'


def test_an_upstream_that_hangs_is_given_up_at_the_deadline(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Then it may be asked again; until then nobody else asks for the same, and the answer is given all along."""
    kept(entrance, monolith, "/b")

    def hang(request: Received) -> bytes:
        raise Hang

    monolith.script = hang
    began = time.monotonic()
    stale(entrance, "/b")
    until(lambda: stale(entrance, "/b") or len(monolith.received) > 1)  # type: ignore[func-returns-value]
    assert 0.5 < time.monotonic() - began < 3
    monolith.script = lambda request: answer(b"new", Cache_Control="max-age=600")
    until(lambda: entrance.ask("GET", "/b").body == b"new")


def test_it_takes_a_place_in_the_bulkhead(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """While it is under way there is none for another request, where there is but one."""
    kept(entrance, monolith, "/c")

    def slow(request: Received) -> bytes:
        time.sleep(0.4)
        return answer(b"new", Cache_Control="max-age=600")

    monolith.script = slow
    stale(entrance, "/c")
    until(lambda: monolith.received)
    assert entrance.ask("GET", "/other").json()["type"] == "urn:banyan:problem:overloaded"
    until(lambda: entrance.ask("GET", "/c").body == b"new")


def test_it_is_sent_again_though_its_reader_has_left(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Nobody waits for it from the beginning."""
    kept(entrance, monolith, "/e")
    gone = threading.Event()

    def drop(request: Received) -> bytes:
        monolith.script = lambda request: answer(b"new", Cache_Control="max-age=600")
        gone.wait(20)
        raise Drop

    monolith.script = drop
    stale(entrance, "/e")
    assert entrance.ask("GET", "/healthz").status == 200, "so long at least has the facade to notice"
    gone.set()
    until(lambda: len(monolith.received) == 2)
    until(lambda: entrance.ask("GET", "/e").body == b"new")


def test_an_open_breaker_keeps_it_back(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """An upstream in trouble is left alone by everybody; its failures count, whoever asked."""
    kept(entrance, monolith, "/d")

    def drop(request: Received) -> bytes:
        raise Drop

    monolith.script = drop
    until(lambda: stale(entrance, "/d") or gauge(entrance, "breakers_open") == 1)  # type: ignore[func-returns-value]
    guarded, heard = entrance.event("guarded", "-"), len(monolith.received)
    stale(entrance, "/d")
    until(lambda: entrance.event("guarded", "-") > guarded)
    assert len(monolith.received) == heard
    monolith.script = lambda request: answer(b"new", Cache_Control="max-age=600")
    until(lambda: entrance.ask("GET", "/d").body == b"new")
    until(lambda: gauge(entrance, "breakers_open") == 0)


def test_it_finds_the_owner(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """A side that has lost authority sends it on, as it does any other read."""
    kept(entrance, monolith, ME)
    entrance.route("dual_write", epoch=2_000_000, services=[service])
    monolith.script = lambda request: misdirected("service", 2_000_001)
    service.script = lambda request: answer(b"new", Cache_Control="max-age=600")
    until(lambda: entrance.ask("GET", ME).body == b"new")
    assert len(monolith.received) == 1
