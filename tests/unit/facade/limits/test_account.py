"""Leases: several workers on one window, by a made-up clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.limits.account import Account
from facade.limits.window import Grant, Window

_LENGTH = 2_000
_ARRIVALS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 0, 1, 7, 40, 300, 1_100])), max_size=300)


class Workers:
    """Three workers, each with its own account; Valkey answers `delay` milliseconds after it counted."""

    def __init__(self, limit: int, chunk: int, delay: int) -> None:
        self.window = Window()
        self.accounts = [Account(b"k") for _ in range(3)]
        self.limit, self.chunk, self.delay = limit, chunk, delay
        self.now = 10_000
        self.questions = 0

    def request(self, worker: int) -> bool:
        account = self.accounts[worker]
        while not account.ready(self.now / 1_000):
            if self.now / 1_000 < account.blocked:
                return False
            self.fetch(account, 1)
        account.spend(self.now / 1_000)
        if account.lease.left == account.lease.low and account.wants_spare:
            self.fetch(account, 0)
        return True

    def fetch(self, account: Account, need: int) -> None:
        asked = self.now / 1_000
        ask = account.ask(asked, need, self.chunk, shared=True)
        grant = self.window.take(self.limit, _LENGTH, self.now, ask)
        self.now += self.delay
        account.receive(grant, _LENGTH, asked, shared=True, ahead=True)
        self.questions += 1


@given(st.integers(1, 200), st.integers(1, 30), st.integers(1, 5), _ARRIVALS)
def test_all_workers_together_keep_the_limit(limit: int, chunk: int, delay: int, arrivals: list[tuple[int, int]]) -> None:
    """At the moment of every admitted request, what was really used in the sliding window is within the limit."""
    workers = Workers(limit, chunk, delay)
    used: dict[int, int] = {}
    for worker, pause in arrivals:
        workers.now += pause
        if workers.request(worker):
            at, into = divmod(workers.now, _LENGTH)
            used[at] = used.get(at, 0) + 1
            assert used[at] * _LENGTH + used.get(at - 1, 0) * (_LENGTH - into) <= limit * _LENGTH


def test_a_busy_key_is_asked_for_rarely() -> None:
    """A thousand requests of a large limit cost some fifty questions, not a thousand."""
    workers = Workers(10_000, 500, 1)
    assert all(workers.request(0) for _ in range(1_000))
    assert workers.questions < 20


def test_what_is_leased_ahead_is_hardly_more_than_what_is_used() -> None:
    """For a hundred requests a second, two leases of about a hundred are out at most, not two of five hundred."""
    workers = Workers(10_000, 500, 1)
    used: dict[int, int] = {}
    for _ in range(2_000):
        workers.now += 9
        assert workers.request(0)
        used[workers.now // _LENGTH] = used.get(workers.now // _LENGTH, 0) + 1
        if workers.window.at == workers.now // _LENGTH:
            assert workers.window.used - used[workers.window.at] < 300


def test_a_slow_client_at_the_pace_of_the_limit_is_never_refused() -> None:
    """Leasing ahead does not make the limit smaller than it was declared, by more than the lease at hand."""
    workers = Workers(200, 10, 1)
    refused = 0
    for _ in range(2_000):
        workers.now += 11
        refused += not workers.request(0)
    assert refused == 0


def test_what_was_not_used_is_given_back_once() -> None:
    """And never what belongs to a window that is over for good."""
    workers = Workers(100, 10, 0)
    account = workers.accounts[0]
    workers.now = 10_000
    workers.fetch(account, 8)
    account.spend(10.0)
    first = account.ask(11.5, 1, 10, shared=True)
    second = account.ask(11.5, 1, 10, shared=True)
    assert (first.back, first.at, second.back) == (7, 5, 0)


def test_a_lease_from_alone_is_not_given_back_to_valkey() -> None:
    """Valkey never counted it."""
    workers = Workers(100, 10, 0)
    account = workers.accounts[0]
    ask = account.ask(10.0, 5, 10, shared=False)
    account.receive(workers.window.take(100, _LENGTH, 10_000, ask), _LENGTH, 10.0, shared=False)
    assert account.ask(12.0, 1, 10, shared=True).back == 0


def leased(units: int, now: float, *, into: int = 0) -> Account:
    """An account that was given so many units `into` milliseconds of the fifth window."""
    account = Account(b"k")
    account.receive(Grant(5 * _LENGTH + into, units, 50, 0), _LENGTH, now, shared=True, ahead=True)
    return account


def test_a_lease_lasts_a_second_at_most_and_not_beyond_its_window() -> None:
    """What was counted in a window is used in it."""
    long, short = leased(8, 10.0), leased(8, 10.0, into=_LENGTH - 100)
    assert (long.ready(10.9), long.ready(11.0)) == (True, False)
    assert (short.ready(10.09), short.ready(10.1)) == (True, False)


def test_what_may_still_be_used_is_not_given_back() -> None:
    """It would be given out twice."""
    account = leased(8, 10.0)
    account.spend(10.0)
    assert account.ask(10.2, 0, 10, shared=True).back == 0
    assert account.ready(10.2)


@pytest.mark.parametrize(("now", "used", "expected"), [(10.1, 8, 16), (10.7, 8, 8), (11.2, 3, 3), (11.2, 0, 1), (10.1, 4, 16)])
def test_the_next_lease_follows_the_demand(now: float, used: int, expected: int) -> None:
    """Twice as much after one that was spent early, as much as was used after one that ran out of time."""
    account = leased(8, 10.0)
    account.size = 8
    for _ in range(used):
        account.spend(10.0)
    assert account.ask(now, 0, 100, shared=True).want == expected


def test_the_lease_fetched_ahead_follows_the_first() -> None:
    """Both are spent, and each unit once."""
    account = leased(4, 10.0)
    account.receive(Grant(5 * _LENGTH + 300, 4, 46, 0), _LENGTH, 10.3, shared=True, ahead=True)
    spent = 0
    while account.ready(10.4):
        account.spend(10.4)
        spent += 1
    assert spent == 8


def test_what_is_left_of_a_lease_is_given_back_although_the_next_was_there() -> None:
    """The one fetched ahead takes its place, and does not count twice."""
    account = leased(8, 10.0)
    account.receive(Grant(5 * _LENGTH + 500, 4, 46, 0), _LENGTH, 10.5, shared=True, ahead=True)
    account.spend(11.2)
    assert account.known_left(11.2) == 46 + 3
    ask = account.ask(11.3, 1, 10, shared=True)
    assert (ask.back, ask.at) == (8, 5)
    assert account.known_left(11.3) == 46 + 3


def test_too_little_to_lease_ahead_blocks_nobody() -> None:
    """The last units are for those who wait for one."""
    account = leased(1, 10.0)
    account.receive(Grant(5 * _LENGTH, 0, 3, 0), _LENGTH, 10.0, shared=True, ahead=True)
    assert account.blocked <= 10.0
