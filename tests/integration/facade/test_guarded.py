"""Several instances, and upstreams in trouble, through a real facade: who is asked, who is left alone, what clients get."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.registry.announcer import Announcer
from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.load import announced, gauge
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

ME = "/api/v1/users/me"
POLICIES = """
[defaults]
authenticate = "none"
secure = false

[resilience.default]
breaker = { minimum = 5, window = 1, open_seconds = 0.2, longest_open = 0.4, probes = 1 }

[resilience.users]
breaker = { minimum = 1000000 }
ejection = { failures = 3, seconds = 2.0, longest = 2.0 }
"""

Platform = tuple[Entrance, ScriptedUpstream, list[ScriptedUpstream]]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, own_valkey: TestValkey) -> Iterator[Platform]:
    """A facade, a monolith, and three services that announce themselves; each answers with its number."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    (folder / "policies.toml").write_text(POLICIES)
    monolith = ScriptedUpstream(lambda request: answer(b"monolith"), feed=feed(1, "service", epoch=1)).start()
    services = [ScriptedUpstream(lambda request, number=number: answer(b"%d" % number)).start() for number in range(3)]  # type: ignore[misc]
    voices: list[Announcer] = [announced(service, own_valkey.url) for service in services]
    own = {"VALKEY_URL": own_valkey.url, "FACADE_RETRY_DEADLINE": "0.3", "FACADE_POLICIES": str(folder / "policies.toml")}
    entrance = Entrance(monolith, folder / "var", own).start()
    yield entrance, monolith, services
    entrance.stop()
    for voice in voices:
        voice.withdraw()
    for upstream in (monolith, *services):
        upstream.stop()


def who(entrance: Entrance, times: int = 40) -> Counter[bytes]:
    """Who answers; every request must be answered."""
    replies = [entrance.ask("GET", ME) for _ in range(times)]
    assert {reply.status for reply in replies} == {200}
    return Counter(reply.body for reply in replies)


def test_the_guards_know_how_late_their_worker_is(platform: Platform) -> None:
    """The longest turn of its loop is measured and told; no loop is never late."""
    entrance, _, _ = platform
    until(lambda: gauge(entrance, "lag_seconds") > 0)


def test_registered_instances_share_the_load(platform: Platform) -> None:
    """No address of the service is in the feed; the registry tells all three."""
    entrance, _, _ = platform
    until(lambda: len(who(entrance)) == 3)


def test_instance_that_breaks_off_is_left_alone(platform: Platform) -> None:
    """Reads are answered all the same; after some failures in a row the outlier is not asked any more, and later it is again."""
    entrance, _, services = platform
    until(lambda: len(who(entrance)) == 3)
    bad, before = services[1], gauge(entrance, "ejections_total")
    script = bad.script

    def drop(request: Received) -> bytes:
        raise Drop

    bad.script = drop
    until(lambda: who(entrance, 1) and gauge(entrance, "ejections_total") > before)
    asked = len(bad.received)
    assert set(who(entrance)) == {b"0", b"2"}
    assert len(bad.received) == asked
    bad.script = script
    until(lambda: len(who(entrance)) == 3)


def test_breaker_fails_fast_and_recovers_by_itself(platform: Platform) -> None:
    """A request to an upstream that is long down is refused before anybody is asked; others go on, and what is back is used."""
    entrance, monolith, _ = platform
    assert entrance.ask("GET", "/x").body == b"monolith"
    monolith.stop()

    def guarded() -> bool:
        reply = entrance.ask("POST", "/x", b"{}")
        assert (reply.status, int(reply.header("retry-after") or 0) >= 1) == (503, True)
        return bool(reply.json()["type"] == "urn:banyan:problem:upstream-guarded")

    until(guarded)

    def at_once() -> bool:
        """Now that it has been tried in vain, nobody waits for it any more."""
        begun = time.monotonic()
        return guarded() and time.monotonic() - begun < 0.1

    until(lambda: all(at_once() for _ in range(3)))
    assert gauge(entrance, "breakers_open") == 1
    assert b"monolith" not in who(entrance)
    monolith.start()
    until(lambda: entrance.ask("GET", "/x").status == 200)
    until(lambda: gauge(entrance, "breakers_open") == 0)
