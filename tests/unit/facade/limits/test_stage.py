"""The stage, where each worker counts alone, by a made-up clock."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.limits.declared import parse_all
from facade.limits.rule import Terms
from facade.limits.stage import RateLimit, network
from facade.problems import Problem
from tests.unit.facade.limits.callers import Asked, anonymous, key, user


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def stage(*limits: str, clock: Callable[[], float] | None = None, share: int = 1, most_keys: int = 100) -> RateLimit:
    return RateLimit(parse_all(list(limits)), "users", Terms(None, clock or Clock(), lambda: share, most_keys))


def admitted(limiter: RateLimit, make: Callable[[], Asked], times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            assert limiter.before(make()) is None
        except Problem as problem:
            if problem.status != 429:
                raise
        else:
            count += 1
    return count


def test_a_limit_is_exact() -> None:
    """Ten, and not one more; after a window in which nobody came, ten again."""
    clock = Clock()
    limiter = stage("10/10s per ip", clock=clock)
    assert admitted(limiter, anonymous, 20) == 10
    clock.now += 20
    assert admitted(limiter, anonymous, 20) == 10


@given(st.integers(1, 200), st.integers(1, 8))
def test_each_worker_has_its_share(count: int, share: int) -> None:
    """While workers count alone, all of them together stay within the limit, though each admits one at least."""
    workers = [stage(f"{count}/1m per ip", share=share) for _ in range(share)]
    assert sum(admitted(limiter, anonymous, count + 1) for limiter in workers) <= max(count, share)


def test_callers_do_not_share_a_count() -> None:
    """Another address, another user, another key: another allowance; users and keys of one name are not the same."""
    limiter = stage("2/1m per subject", "3/1m per key")
    assert admitted(limiter, lambda: user("ann"), 5) == 2
    assert admitted(limiter, lambda: user("bob"), 5) == 2
    assert admitted(limiter, lambda: key("ann"), 5) == 3


def test_a_limit_that_does_not_apply_is_not_asked() -> None:
    """A limit per user says nothing of who is not signed in, and promises nothing in its fields."""
    limiter, request = stage("2/1m per subject"), anonymous()
    assert limiter.before(request) is None
    assert request.told == []
    assert limiter.explain(request) == "no limit applies to anonymous callers"


def test_a_refused_request_counts_nowhere() -> None:
    """A user who is refused for her own limit does not use up that of the address that she shares."""
    limiter = stage("10/1m per ip", "2/1m per subject")
    assert admitted(limiter, lambda: user("ann"), 50) == 2
    assert admitted(limiter, anonymous, 50) == 8


def test_fields_tell_what_is_left() -> None:
    """As structured fields: the policies, and what is left of each for how long."""
    clock = Clock()
    limiter = stage("10/10s per ip", "3/1m per subject", clock=clock)
    request = user("ann")
    assert limiter.before(request) is None
    assert request.told == [
        b'ratelimit-policy: "ip-10s";q=10;w=10, "subject-1m";q=3;w=60\r\nratelimit: "ip-10s";r=9;t=10, "subject-1m";r=2;t=20\r\n'
    ]


def test_a_refusal_tells_when_to_come_back() -> None:
    """And who comes back then is admitted."""
    clock = Clock()
    limiter = stage("2/10s per ip", clock=clock)
    admitted(limiter, anonymous, 2)
    with pytest.raises(Problem) as caught:
        limiter.before(anonymous())
    problem = caught.value
    assert (problem.status, problem.retry_after) == (429, 15)
    assert problem.more == b'ratelimit-policy: "ip-10s";q=2;w=10\r\nratelimit: "ip-10s";r=0;t=15\r\n'
    clock.now += 14
    assert admitted(limiter, anonymous, 1) == 0
    clock.now += 1
    assert admitted(limiter, anonymous, 1) == 1


def test_a_limit_may_fail_closed() -> None:
    """Where guessing is worse than refusing, nothing is admitted that cannot be counted."""
    limiter = stage("5/1m per ip fail closed")
    with pytest.raises(Problem) as caught:
        limiter.before(anonymous())
    assert (caught.value.status, caught.value.slug) == (503, "limit-uncounted")


def test_keys_are_bounded() -> None:
    """Many addresses fill no memory: the one known longest begins anew."""
    limiter = stage("1/1m per ip", most_keys=100)
    for number in range(1_030):
        assert admitted(limiter, lambda number=number: anonymous(b"10.0.%d.%d" % divmod(number, 256)), 2) == 1  # type: ignore[misc]
    assert len(limiter.rules[0].accounts) == 100
    assert admitted(limiter, lambda: anonymous(b"10.0.4.5"), 1) == 0
    assert admitted(limiter, lambda: anonymous(b"10.0.0.0"), 1) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"2001:db8::1", b"2001:db8::ffff", True),
        (b"2001:db8::1", b"2001:db8:0:1::1", False),
        (b"::ffff:192.0.2.1", b"192.0.2.1", True),
        (b"192.0.2.1", b"192.0.2.2", False),
        (b"fe80::1%eth0", b"fe80::2%eth0", True),
        (b"unknown", b"unknown", True),
        (b"no:address", b"other:address", False),
    ],
)
def test_an_address_is_limited_with_its_network(one: bytes, other: bytes, *, same: bool) -> None:
    """Who has a /64 has no more than who has one address."""
    assert (network(one) == network(other)) == same


def test_explaining_changes_nothing() -> None:
    """It tells what is left, and leaves it there."""
    limiter, request = stage("3/10s per ip"), anonymous()
    assert limiter.explain(request) == "3/10s per ip: not used lately"
    limiter.before(request)
    assert [limiter.explain(request) for _ in range(5)] == ["3/10s per ip: 2 left for 10 s"] * 5
    admitted(limiter, anonymous, 5)
    assert limiter.explain(request).startswith("3/10s per ip: used up, more in")


def test_a_label_tells_stages_of_one_request_apart() -> None:
    """A key's own limit and the route's limit per key are two policies for the client."""
    clock, request = Clock(), key("shop")
    limits = parse_all(["5/1s per key"])
    assert RateLimit(limits, "keys", Terms(None, clock), label="own-").before(request) is None
    assert request.told == [b'ratelimit-policy: "own-key-1s";q=5;w=1\r\nratelimit: "own-key-1s";r=4;t=1\r\n']
