from collections.abc import Iterator
from itertools import count

import pytest

from chassis.embedded import Cluster
from tests.integration.protocol.toy import Toy

_numbers = count(1)


@pytest.fixture(scope="session")
def toy_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of this worker's own, since a transaction anywhere in a cluster holds the horizon back."""
    cluster = Cluster(tmp_path_factory.mktemp("toy") / "cluster", durable=False, databases=["users"])
    cluster.start()
    yield cluster
    cluster.destroy()


@pytest.fixture
def toy(toy_cluster: Cluster) -> Iterator[Toy]:
    """Two databases with the toy context, replicating from the monolith to the service."""
    names = [f"{side}_{next(_numbers)}" for side in ("monolith", "service")]
    made = Toy(*(toy_cluster.create_database(name, owner="users") for name in names))
    yield made
    made.close()
    for name in names:
        toy_cluster.drop_database(name)
