"""The monolith's test database, a real service process with a database of its own, and a relay
between them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import requests
from django.db import connections

from chassis.embedded import Cluster, ValkeyServer
from chassis.ports import free_port
from chassis.replica.connections import connect, conninfo, pool
from migrations_tools import capture
from migrations_tools.control import valkeys
from migrations_tools.plans.users import PLAN
from migrations_tools.relay.engine import Relay
from migrations_tools.relay.sides import Sides, sides
from migrations_tools.relay.surroundings import ControlPlane
from tests.plugin import worker_name

_REPLICA_TABLES = ("authority", "outbox", "retry", "position", "checkpoint")
Eventually = Callable[[Callable[[], Any]], None]


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Wait until a condition holds; the test fails when it does not within thirty seconds."""

    def wait(condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.01)

    return wait


@pytest.fixture(scope="module")
def service(cluster: Cluster, eventually: Eventually, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running users service: {"USERS_DATABASE_URL", "USERS_URL"}."""
    name, port = f"road_{worker_name()}", free_port()
    variables = {"USERS_DATABASE_URL": cluster.create_database(name, owner="users"), "USERS_URL": f"http://127.0.0.1:{port}"}
    environment = {**os.environ, **variables, "DJANGO_SETTINGS_MODULE": "extracted.users.settings"}
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environment, check=True)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "extracted.users.wsgi:application"]
    with (
        (tmp_path_factory.mktemp("service") / "log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            eventually(lambda: _ready(variables["USERS_URL"]))
            yield variables
        finally:
            process.terminate()  # killed, it would leave its workers behind
    cluster.drop_database(name)


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture
def both(
    transactional_db: None, service: dict[str, str], valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sides]:
    """Both sides of users, empty and as before `context begin`."""
    for variable, value in service.items():
        monkeypatch.setenv(variable, value)
    found = sides(PLAN)
    _clean(found)
    yield found
    _clean(found)
    for side in (found.monolith, found.service):
        pool(side.url).close()
    pool.cache_clear()


def _clean(found: Sides) -> None:
    with valkeys.connected() as client:
        client.flushall()
    with found.monolith.connect("clean") as connection:
        capture.drop(connection, PLAN)
        _forget(connection)
    with found.service.connect("clean") as connection, connection.transaction():
        connection.execute("SELECT set_config('banyan.applying', 'users', true)")
        for table in ("sessions", "addresses", "accounts"):
            connection.execute(f"DELETE FROM {table}")
        _forget(connection)


def _forget(connection: psycopg.Connection[Any]) -> None:
    for table in _REPLICA_TABLES:
        connection.execute(f"DELETE FROM banyan_{table}")


@pytest.fixture
def relay(both: Sides) -> Iterator[threading.Event]:
    """A relay at work; setting the event stops it."""
    stop = threading.Event()

    def work() -> None:
        try:
            Relay(both, ControlPlane(both), stop).run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, name="relay")
    thread.start()
    yield stop
    stop.set()
    thread.join()


@pytest.fixture
def stranger() -> Iterator[psycopg.Connection[Any]]:
    """A session of the monolith's database that has nothing to do with users."""
    with connect(conninfo("default"), "stranger") as connection:
        yield connection
