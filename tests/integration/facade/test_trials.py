"""An upstream that was long down is tried again: whoever comes meanwhile is not sent away for the sake of those who try it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer

_OPEN = 1.0
"""Seconds; so long does a trial that goes well take at most on a busy machine, too."""
POLICIES = f"""
[defaults]
authenticate = "none"

[resilience.default]
breaker = {{ minimum = 5, window = 1, open_seconds = {_OPEN}, longest_open = {_OPEN}, probes = 1 }}
"""
CLIENTS = 8


def _slowly(request: Received) -> bytes:
    time.sleep(0.1)
    return answer(b"back")


def test_those_who_come_meanwhile_are_answered(tmp_path: Path) -> None:
    """Who asks first is the probe, and the others wait for its answer."""
    (tmp_path / "policies.toml").write_text(POLICIES)
    monolith = ScriptedUpstream(feed=feed(1, "service", epoch=1)).start()
    entrance = Entrance(monolith, tmp_path / "var", {"FACADE_POLICIES": str(tmp_path / "policies.toml")}).start()
    try:
        assert entrance.ask("POST", "/x", b"{}").status == 200
        monolith.stop()
        failed = 'breaker_transitions_total{state="open"}'
        until(lambda: entrance.ask("POST", "/x", b"{}").status == 503 and gauge(entrance, failed) >= 3)
        monolith.script = _slowly
        monolith.start()
        time.sleep(_OPEN)  # from now on it is tried
        with ThreadPoolExecutor(CLIENTS) as clients:
            replies = list(clients.map(lambda _: entrance.ask("POST", "/x", b"{}"), range(CLIENTS)))
        assert [(reply.status, reply.body) for reply in replies] == [(200, b"back")] * CLIENTS
        assert gauge(entrance, "breakers_open") == 0
    finally:
        entrance.stop()
        monolith.stop()
