"""Everything is restarted under load, one after another: three real users services behind granian, ended by SIGTERM alone, and
three facades of two workers each.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from chassis import env
from migrations_tools.platform import Surroundings
from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import QUICK, Entrance, feed, until
from tests.integration.facade.load import Balancer, Traffic, Wish
from tests.integration.facade.scripted import ScriptedUpstream
from tests.integration.facade.services import Service, owning

pytestmark = pytest.mark.chaos

_ME, _ADDRESSES = "/api/v1/users/me", "/api/v1/users/me/addresses"
_NO_COLLECTOR = "http://127.0.0.1:9"
"""A process that exports spans has one thread more."""
_CLIENTS = 6
_INSTANCES = 3


@dataclass
class Platform:
    """Facades and services, which find each other by the registry alone; a monolith that nobody needs."""

    facades: list[Entrance]
    services: list[Service]
    monolith: ScriptedUpstream
    database: str
    tokens: list[str]

    def wishes(self, client: int, count: int) -> Wish:
        """A customer reads the profile, and adds an address that there is once."""
        headers = {"Authorization": f"Bearer {self.tokens[client]}", "Content-Type": "application/json"}
        if count % 2:
            return Wish("GET", _ME, headers=headers)
        body = json.dumps({"kind": "home", "city": "York", "label": f"{client}-{count}"}).encode()
        return Wish("POST", _ADDRESSES, body, headers)

    def added(self) -> Counter[str]:
        """How often each address was added."""
        with psycopg.connect(self.database) as connection:
            return Counter(label for (label,) in connection.execute("SELECT label FROM addresses"))

    def restart(self, service: Service) -> None:
        """As a deployment does it that knows nothing of the registry: end it, start the next, go on once that is asked."""
        service.stop()
        service.start()
        until(service.serves, 20)


def _customer(entrance: Entrance) -> str:
    """The access token of somebody who has just registered."""
    who = json.dumps({"email": f"{uuid4().hex}@example.org", "password": "correct horse battery"}).encode()
    kind = {"Content_Type": "application/json"}
    assert entrance.ask("POST", "/api/v1/users/register", who, **kind).status == 201
    return str(entrance.ask("POST", "/api/v1/users/login", who, **kind).json()["access"])


@pytest.fixture
def platform(own_valkey: TestValkey, fresh_database: Callable[[str], str], tmp_path: Path) -> Iterator[Platform]:
    database = fresh_database("users")
    own = {"IDENTITY_PRIVATE_KEY": env.identity_key(), "LOG_LEVEL": "CRITICAL", "OTEL_EXPORTER_OTLP_ENDPOINT": _NO_COLLECTOR}
    databases = {"monolith": "", "control": "", "users": database}
    around = Surroundings(tmp_path / "var", databases, own_valkey.url, QUICK["BANYAN_INTERNAL_TOKEN"], extra=own)
    owning(around)
    monolith = ScriptedUpstream(feed=feed(1, "service", epoch=1)).start()
    services = [Service(around, tmp_path / f"service-{number}.log") for number in range(_INSTANCES)]
    settings = {"VALKEY_URL": own_valkey.url, "FACADE_POLICIES": "", "FACADE_RETRY_DEADLINE": "", "FACADE_LAME_DUCK": "1"}
    facades = [Entrance(monolith, tmp_path / f"facade-{number}", settings, workers=2) for number in range(_INSTANCES)]
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        stack.callback(monolith.stop)
        for one in (*services, *facades):
            stack.callback(one.stop)
        list(pool.map(lambda one: one.start(), (*services, *facades)))
        tokens = [_customer(facades[0]) for _ in range(_CLIENTS)]
        monolith.received.clear()
        yield Platform(facades, services, monolith, database, tokens)


def test_rolling_restarts_of_real_services_and_facades_fail_no_request(platform: Platform) -> None:
    """Reads and writes, of which none may be repeated by who does not know what became of it, are all answered; each address was
    added once; and all of it by services, though each of them was away for a while.
    """
    takers = [service.takers_of_sigterm() for service in platform.services]
    assert takers == [1] * _INSTANCES, "the end could be taken by a thread that does not announce it"
    balancer = Balancer([facade.port for facade in platform.facades]).start()
    try:
        with Traffic(balancer, platform.wishes, clients=_CLIENTS, rate=12) as traffic:
            for service, facade in zip(platform.services, platform.facades, strict=True):
                platform.restart(service)
                facade.stop()
                facade.start()
                until(lambda facade=facade: facade.port not in balancer.away)  # type: ignore[misc]
    finally:
        balancer.stop()
    assert traffic.failed == []
    assert traffic.statuses.keys() == {200, 201}
    assert platform.added() == Counter(json.loads(body)["label"] for body in traffic.written)
    assert len(traffic.written) > 100
    assert [request.target for request in platform.monolith.received if request.target.startswith("/api/")] == []
