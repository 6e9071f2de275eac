"""Both sides of the port."""

from collections.abc import Iterator

import pytest

from chassis.embedded import Cluster
from tests.contract.users_port.sides import Monolith, Service, Side
from tests.contract.users_v1.servers import SERVERS, TOKEN, running


@pytest.fixture(scope="session")
def service(cluster: Cluster) -> Iterator[Service]:
    """The users service with authority."""
    with running(SERVERS["service"], cluster) as base:
        yield Service(base, TOKEN)


@pytest.fixture(params=["monolith", "service"])
def side(request: pytest.FixtureRequest) -> Side:
    """The side that answers."""
    if request.param == "service":
        served: Service = request.getfixturevalue("service")
        return served
    return Monolith()
