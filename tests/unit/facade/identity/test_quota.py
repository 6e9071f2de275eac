"""A key's own limit: counted for each key alone, whatever the route."""

from dataclasses import dataclass, field

import pytest

from facade.identity.apikeys import ApiKeys
from facade.identity.feed import ApiKey, Quota
from facade.identity.principal import ANONYMOUS, Principal
from facade.identity.quota import KeyQuota
from facade.limits.rule import Terms
from facade.problems import Problem
from tests.unit.facade.identity.issuer import Clock

NONE = frozenset[str]()


def key(name: str, quota: Quota | None) -> ApiKey:
    return ApiKey(name, bytes(32), NONE, quota)


@dataclass
class Request:
    principal: Principal
    address: bytes = b"192.0.2.1"
    told: list[bytes] = field(default_factory=list)


def by(name: str) -> Request:
    return Request(Principal("key", name, NONE))


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def keys() -> ApiKeys:
    return ApiKeys([key("two", Quota(2, 60)), key("one", Quota(1, 60)), key("free", None)])


@pytest.fixture
def stage(keys: ApiKeys, clock: Clock) -> KeyQuota:
    return KeyQuota(keys, Terms(None, clock))


def admitted(stage: KeyQuota, name: str) -> int:
    """How many requests of a key pass before one is refused; ten at most."""
    for passed in range(10):
        try:
            stage.before(by(name))
        except Problem:
            return passed
    return 10


def test_each_key_has_its_own(stage: KeyQuota, clock: Clock) -> None:
    """One that is used up leaves the others alone, and comes back with its window."""
    assert [admitted(stage, name) for name in ("two", "one", "free")] == [2, 1, 10]
    with pytest.raises(Problem) as caught:
        stage.before(by("two"))
    assert caught.value.status == 429
    clock.now += 120
    assert admitted(stage, "two") == 2


def test_others_pass(stage: KeyQuota) -> None:
    """Users and the anonymous have no key, even with an id that is one's."""
    for principal in (ANONYMOUS, Principal("user", "one", NONE)):
        for _ in range(3):
            assert stage.before(Request(principal)) is None
        assert stage.explain(Request(principal)) == "no limit of its own"


def test_what_is_left_is_told(stage: KeyQuota) -> None:
    """To the client in its fields, to the operator by `explain`, which takes nothing."""
    request = by("two")
    stage.before(request)
    assert b'ratelimit-policy: "own-key-1m";q=2;w=60' in request.told[0]
    assert stage.explain(request).startswith("2/1m per key: 1 left")
    assert admitted(stage, "two") == 1


def test_a_changed_limit_counts_at_once_and_a_revoked_key_is_forgotten(stage: KeyQuota, keys: ApiKeys) -> None:
    """The feed is what counts."""
    assert admitted(stage, "two") == 2
    keys.replace([key("two", Quota(3, 60))])
    assert admitted(stage, "two") == 3
    keys.replace([])
    stage.forget()
    assert stage.before(by("two")) is None
    keys.replace([key("two", Quota(3, 60))])
    assert admitted(stage, "two") == 3
