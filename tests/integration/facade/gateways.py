"""Two facades with every stage of the pipeline: one policies file, one Valkey, a scripted upstream."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chassis.callers import apikey
from chassis.tags import CHANNEL
from extracted import users
from tests.integration.facade.entrance import Entrance, Reply, feed, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Received, Script, ScriptedUpstream, answer

if TYPE_CHECKING:
    from tests.integration.facade.conftest import TestValkey

LIMIT, ALONE, AGAIN = 40, 20, 12
HOUR, TURN = 3600.0, 10.0
"""The window of the limits, and the seconds before its end in which no flood begins."""
POLICIES = f"""
[[routes]]
path = "/limited"
limits = ["{LIMIT}/1h per ip"]

[[routes]]
path = "/alone"
limits = ["{ALONE}/1h per ip"]

[[routes]]
path = "/again"
limits = ["{AGAIN}/1h per ip"]

[[routes]]
path = "/probe/0"
limits = ["1000000/1h per ip"]

[[routes]]
path = "/probe/1"
limits = ["1000000/1h per ip"]

[[routes]]
path = "/partner"
authenticate = "required"
scopes = {{ read = ["orders:read"], write = ["orders:write"] }}

[[routes]]
path = "/shared"
cors = {{ origins = ["https://*.banyan.example"], methods = ["GET", "PUT"], headers = ["X-Wish"] }}

[[routes]]
path = "/text"
compress = {{}}

[[routes]]
path = "/kept"
cache = true
compress = {{}}

[[routes]]
path = "/small"
max_body = 1000
max_header = 500

[[routes]]
path = "/api/v1/users"
contract = {{ document = "{Path(users.__file__).with_name("openapi.yaml")}" }}

[[routes]]
path = "/old"

[routes.transform.request]
rewrite = {{ from = "/old", to = "/new" }}
query = {{ set = {{ shape = "short" }} }}
headers = {{ remove = ["x-debug"], set = {{ x-entrance = "banyan" }} }}

[routes.transform.reply]
headers = {{ remove = ["x-powered-by"] }}
members = {{ remove = ["/secret", "/lines/*/cost"], rename = {{ "/nr" = "number" }} }}
"""
PAGE = b"Figs and banyans. " * 400


@dataclass
class Gateway:
    """Two facades with the same policies in front of one monolith."""

    facades: tuple[Entrance, Entrance]
    monolith: ScriptedUpstream
    valkey: "TestValkey"
    versions: Iterator[int] = field(default_factory=lambda: count(2))

    def ask(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Reply:
        """Ask the first of them."""
        return self.facades[0].ask(method, target, body, **headers)

    def told(self, script: Script) -> list[Received]:
        """What the monolith gets from now on, while it answers so."""
        self.monolith.received.clear()
        self.monolith.script = script
        return self.monolith.received

    def publish(self, *keys: apikey.Fresh, scopes: list[str], limit: dict[str, int] | None = None) -> None:
        """Put these API keys in force, and no others, at both facades; each may ask as often as `limit` says."""
        version = next(self.versions)
        entries = [{"id": key.id, "hash": key.hash.hex(), "scopes": scopes, "limit": limit, "expires": None} for key in keys]
        self.monolith.feed = {**feed(version, "monolith"), "api_keys": entries}
        for facade in self.facades:
            until(lambda facade=facade: facade.ask("GET", "/readyz").json()["version"] == version)  # type: ignore[misc]


@pytest.fixture(scope="module")
def running_gateway(tmp_path_factory: pytest.TempPathFactory, own_valkey: "TestValkey") -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("pipeline")
    file = folder / "policies.toml"
    file.write_text(POLICIES)
    monolith = ScriptedUpstream(feed=feed(1, "monolith")).start()
    own = {"VALKEY_URL": own_valkey.url, "FACADE_POLICIES": str(file)}
    one, other = (Entrance(monolith, folder / name, own) for name in ("one", "other"))
    with ThreadPoolExecutor() as pool:
        list(pool.map(Entrance.start, (one, other)))
    made = Gateway((one, other), monolith, own_valkey)
    for number, facade in enumerate(made.facades):
        until(lambda facade=facade: gauge(facade, "limit_sharers") == 2)  # type: ignore[misc]
        until(lambda facade=facade, number=number: counts_together(made, facade, number))  # type: ignore[misc]
    yield made
    for facade in made.facades:
        facade.stop()
    monolith.stop()


@pytest.fixture
def gateway(running_gateway: Gateway) -> Gateway:
    running_gateway.told(lambda request: answer())
    return running_gateway


def counts_together(gateway: Gateway, facade: Entrance, number: int) -> bool:
    """Whether this facade counts in Valkey, and all hear of purges."""
    assert facade.ask("GET", f"/probe/{number}").status == 200
    listening = gateway.valkey.ask("PUBSUB", "NUMSUB", CHANNEL) == f"{CHANNEL} :2".encode()
    return listening and f"/probe/{number}" in gateway.valkey.ask("KEYS", "banyan:limit:*").decode()


def flood(facades: tuple[Entrance, ...], path: str, times: int) -> list[list[Reply]]:
    """The answers to so many requests to each facade, from four clients each, at once, and all in one window: leases end with the
    window they were counted in, and what was not used of them is lost.
    """
    if (left := HOUR - time.time() % HOUR) < TURN:
        time.sleep(left)
    with ThreadPoolExecutor(4 * len(facades)) as pool:
        asked = [[pool.submit(facade.ask, "GET", path) for _ in range(times)] for facade in facades]
        return [[one.result() for one in some] for some in asked]


def statuses(replies: list[Reply]) -> Counter[int]:
    return Counter(reply.status for reply in replies)
