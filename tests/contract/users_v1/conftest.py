"""Who serves the API that the suite talks to."""

import os
from collections.abc import Iterator

import pytest

from chassis.embedded import Cluster
from tests.contract.users_v1.client import Api, Customer
from tests.contract.users_v1.servers import SERVERS, TOKEN, running

ELSEWHERE = os.environ.get("BANYAN_CONTRACT_URL")


#: With `--dist loadgroup` each server is started by one worker only.
SIDES = [pytest.param(side, marks=pytest.mark.xdist_group(f"users_v1-{side}")) for side in SERVERS]


@pytest.fixture(scope="session", params=[ELSEWHERE] if ELSEWHERE else SIDES)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """The API, served by the monolith, by the service, or at BANYAN_CONTRACT_URL."""
    if request.param == ELSEWHERE:
        yield Api(request.param)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with running(SERVERS[request.param], cluster) as base:
        yield Api(base, internal_token=TOKEN)


@pytest.fixture(scope="session")
def anybody(api: Api) -> Customer:
    """A customer for tests that change nothing; they share one, since each costs a password's hashing twice."""
    return api.new_customer()


@pytest.fixture
def customer(api: Api) -> Customer:
    """Somebody new, who has logged in."""
    return api.new_customer()
