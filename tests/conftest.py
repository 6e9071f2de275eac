"""Fixtures that start real servers: see `tests/run.py`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.embedded import Cluster, ValkeyServer
from chassis.embedded.installed import DATABASES
from migrations_tools.platform import Surroundings
from tests import run
from tests.plugin import worker_name


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's PostgreSQL, shared by all workers: make databases in it, do not stop it."""
    return run.current().start_cluster()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    cluster: Cluster,
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """pytest-django's databases live in the run's cluster, with the worker's name as a suffix."""


@pytest.fixture(scope="session")
def valkey() -> ValkeyServer:
    """This worker's own Valkey, the one that VALKEY_URL names."""
    server = run.current().valkey(worker_name())
    server.start()
    return server


@pytest.fixture
def fresh_database(cluster: Cluster) -> Iterator[Callable[[str], str]]:
    """`fresh_database("users")`: the URL of a new empty database that belongs to the role `users`; dropped
    after the test."""
    made: list[str] = []

    def make(role: str) -> str:
        made.append(f"{role}_{uuid4().hex[:12]}")
        return cluster.create_database(made[-1], owner=role)

    yield make
    for name in made:
        cluster.drop_database(name)


@pytest.fixture
def surroundings(fresh_database: Callable[[str], str], valkey: ValkeyServer, tmp_path: Path) -> Surroundings:
    """What a whole platform of this test's own stands on: fresh databases, this worker's Valkey, its own
    `var/`."""
    databases = {name: fresh_database(name) for name in DATABASES}
    return Surroundings(tmp_path / "var", databases, valkey.url(), token="a-token-of-this-test")


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """`own_cluster(databases=["users"])`: a started cluster of this test's own, to be killed at will."""
    made: list[Cluster] = []

    def make(**options: object) -> Cluster:
        made.append(Cluster(tmp_path / f"cluster-{len(made)}", **{"durable": False, **options}))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for cluster in made:
        cluster.destroy()
