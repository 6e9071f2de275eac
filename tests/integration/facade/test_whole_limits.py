"""What is counted over all routes together, and what on each for itself, through a running facade."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.identity.keeping import signing_key
from chassis.identity.tokens import issue
from tests.integration.facade.entrance import Entrance
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import ScriptedUpstream

POLICIES = """
[entrance]
limits = ["6/1h per ip"]

[defaults]
authenticate = "none"
limits = ["4/1h per ip"]

[[routes]]
path = "/one"

[[routes]]
path = "/two"

[[routes]]
path = "/free"
entrance = false
limits = []
"""


BY_SUBJECT = """
[entrance]
limits = ["3/1h per subject"]

[[routes]]
path = "/one"

[[routes]]
path = "/few"
limits = ["1/1h per subject"]
"""


@pytest.fixture
def policies() -> str:
    return POLICIES


@pytest.fixture
def entrance(tmp_path: Path, policies: str) -> Iterator[Entrance]:
    monolith = ScriptedUpstream().start()
    (tmp_path / "policies.toml").write_text(policies)
    made = Entrance(monolith, tmp_path / "var", {"FACADE_POLICIES": str(tmp_path / "policies.toml")}).start()
    yield made
    made.stop()
    monolith.stop()


def statuses(entrance: Entrance, path: str, times: int) -> Counter[int]:
    return Counter(entrance.ask("GET", path).status for _ in range(times))


def test_routes_have_their_own_counts_and_the_entrance_has_one(entrance: Entrance) -> None:
    """Four on one route, since the defaults count each for itself; two more on the other, since six are all that the entrance
    allows; and what does not count there passes.
    """
    told = entrance.ask("GET", "/one")
    assert told.header("ratelimit-policy") == '"entrance-ip-1h";q=6;w=3600'
    assert [value for name, value in told.headers if name.lower() == "ratelimit-policy"][1:] == ['"ip-1h";q=4;w=3600']
    assert statuses(entrance, "/one", 3) == {200: 3}
    assert statuses(entrance, "/two", 2) == {200: 2}
    assert statuses(entrance, "/two", 2) == {429: 2}
    assert "6/1h per ip" in entrance.ask("GET", "/two").json()["detail"]
    assert statuses(entrance, "/free", 10) == {200: 10}


@pytest.mark.parametrize("policies", [BY_SUBJECT], ids=["subject"])
def test_a_user_has_one_count_at_the_entrance_whatever_is_asked(entrance: Entrance) -> None:
    """Of three requests, on two routes; another user has as many, and who is nobody is not counted so."""
    one, other = (f"Bearer {issue(uuid4(), number, signer=signing_key())}" for number in (1, 2))

    def asked(token: str) -> list[int]:
        return [entrance.ask("GET", path, Authorization=token).status for path in ("/one", "/two", "/one", "/two")]

    assert asked(one) == [200, 200, 200, 429]
    assert asked(other) == [200, 200, 200, 429]
    assert statuses(entrance, "/one", 5) == {200: 5}


@pytest.mark.parametrize("policies", [BY_SUBJECT], ids=["subject"])
def test_a_user_has_a_count_of_a_route_s_own(entrance: Entrance) -> None:
    """One request on that route, and the others are not counted by it; another user has one as well."""
    for number in (1, 2):
        token = f"Bearer {issue(uuid4(), number, signer=signing_key())}"
        paths = ("/few", "/few", "/one")
        assert [entrance.ask("GET", path, Authorization=token).status for path in paths] == [200, 429, 200]


def test_a_limit_is_divided_among_the_workers_of_a_facade_alone(tmp_path: Path) -> None:
    """Without Valkey a facade knows its own workers, and says among how many it divides; a number that is set wins."""
    monolith = ScriptedUpstream().start()
    try:
        for more, expected in (({}, 3), ({"FACADE_INSTANCES": "7"}, 7)):
            alone = Entrance(monolith, tmp_path / str(expected), more, workers=3).start()
            try:
                assert gauge(alone, "limit_sharers") == expected
            finally:
                alone.stop()
    finally:
        monolith.stop()
