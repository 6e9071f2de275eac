"""One facade for this folder's tests, with little patience for slow clients, in front of an upstream that says 200."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream, answer

SHORT = {
    "FACADE_HEAD_TIMEOUT": "0.4",
    "FACADE_BODY_TIMEOUT": "0.4",
    "FACADE_KEEP_ALIVE": "0.8",
    "FACADE_IDLE_TIMEOUT": "0.3",
    "FACADE_POLL_INTERVAL": "600",
}
"""Seconds; see `facade/settings.py`. The routes are asked for once only, so that no connection is kept busy by that."""

BARE = Path(__file__).with_name("bare.toml")


class Gauges:
    """What a facade says of itself in /metrics."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def __call__(self, name: str) -> int:
        """A gauge of the facade, by its name without the prefix."""
        found = re.search(rf"^banyan_facade_{name}(?:\{{.*\}})? (\d+)", self._entrance.metrics(), re.MULTILINE)
        assert found is not None, f"no gauge {name}"
        return int(found[1])

    def settle(self) -> None:
        """Wait until nothing is under way, and no connection to an upstream is left."""
        until(lambda: self("requests_in_flight") == 0)
        until(lambda: self("upstream_connections") == 0)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Entrance]]:
    """`quiet(read=2, FACADE_X="1")`: a facade of this module's own, with its own upstream; one for each environment. `read`: how
    long it waits for upstreams.
    """
    made: dict[frozenset[tuple[str, float | str]], Entrance] = {}

    def make(*, read: float = 1, **environment: str) -> Entrance:
        key = frozenset({"read": read, **environment}.items())
        if key not in made:
            upstream, var = ScriptedUpstream().start(), tmp_path_factory.mktemp("var")
            policies = var / "policies.toml"
            policies.write_text(f"{BARE.read_text()}\n[resilience.default.timeouts]\nconnect = {read}\nread = {read}\n")
            own = {"FACADE_POLICIES": str(policies), **SHORT, **environment}
            made[key] = Entrance(upstream, var, own).start()
        upstream = made[key].monolith
        upstream.reset()
        upstream.script = lambda request: answer()
        return made[key]

    yield make
    for entrance in made.values():
        entrance.stop()
        entrance.monolith.stop()
