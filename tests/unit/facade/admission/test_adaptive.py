"""The learnt limit, with a door before it and a simulated upstream behind: whom it costs an answer, and whom it must not."""

from collections.abc import Callable, Iterator
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.admission.adaptive import AdaptiveLimit, Tuning
from facade.admission.priority import Priority
from tests.unit.facade.admission.world import World

C, N, B = Priority
Make = Callable[..., World]


@pytest.fixture
def world() -> Iterator[Make]:
    """Makes worlds, and ends them."""
    made: list[World] = []

    def make(units: int, seconds: float, **more: float) -> World:
        made.append(World(units, seconds, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


# ---- a healthy upstream: nobody is refused


@pytest.mark.parametrize("clients", [32, 256, 1000, 3000])
def test_an_own_busy_processor_is_not_taken_for_a_slow_upstream(world: Make, clients: int) -> None:
    """However many clients ask a fresh gateway as fast as it can answer: nobody is refused, and nothing of its time is lost."""
    it = world(10_000, 0.0005, work=0.0001)
    it.clients(clients)
    seen = it.run(6)
    assert seen.refused.total() == 0
    assert seen.answered.total() >= 6 / 0.0002 * 0.95


@pytest.mark.parametrize(("seconds", "clients"), [(0.1, 500), (0.5, 600)])
def test_a_cold_start_under_load_refuses_nobody(world: Make, seconds: float, clients: int) -> None:
    """Many clients at once at an upstream that takes its time, but has room for all: the limit follows within the patience."""
    it = world(10_000, seconds)
    it.clients(clients)
    assert it.run(10).refused.total() == 0
    assert it.limit.limit * 0.8 >= clients


@pytest.mark.parametrize("slower", [5, 20])
def test_an_upstream_that_becomes_slower_without_a_line_is_not_relieved(world: Make, slower: int) -> None:
    """Its answers take many times as long, and more is under way for it; but nothing stands in line, so nothing is taken away."""
    it = world(100_000, 0.01)
    it.come(N, 400)
    it.run(5)
    it.upstream.seconds *= slower
    assert it.run(15).refused.total() == 0


def test_slow_and_quick_requests_mixed_are_no_overload(world: Make) -> None:
    """Some that take seconds hold many places, and do not bring the limit down on all the others."""
    it = world(100_000, 0.01)
    it.come(N, 300)
    it.run(3)
    it.upstream.spread = lambda: 300.0 if it.chance.random() < 0.1 else 1.0
    assert it.run(15).refused.total() == 0


def test_a_load_that_fits_is_not_refused(world: Make) -> None:
    """At nine tenths of the capacity lines come and go by chance; times are as uneven as arrivals."""
    it = world(10, 0.01)
    it.upstream.spread = lambda: it.chance.expovariate(1)
    it.come(N, 900)
    assert it.run(30).refused.total() == 0


def test_failures_that_concurrency_does_not_cause_do_not_bring_it_down(world: Make) -> None:
    """An upstream that fails two of five requests by itself goes on getting all of them."""
    it = world(1000, 0.02)
    it.come(N, 500)
    it.run(3)
    it.upstream.failing = 0.4
    assert it.run(15).refused.total() == 0


def test_a_slow_start_is_not_held_against_what_follows(world: Make) -> None:
    """An upstream with cold caches is ten times slower at first; once it is warm, it is asked all that it can do."""
    it = world(50, 0.2)
    it.come(N, 150)
    cold = it.run(5)
    it.upstream.seconds = 0.02
    warm = it.run(5)
    it.come(N, 2000)
    hot = it.run(5)
    assert [seen.refused.total() for seen in (cold, warm, hot)] == [0, 0, 0]


# ---- an overloaded one: all of it is used, and the most important is answered


@pytest.mark.parametrize(("units", "seconds"), [(10, 0.05), (40, 0.05), (20, 0.2)])
def test_the_limit_finds_the_knee_under_twice_the_load(world: Make, units: int, seconds: float) -> None:
    """The upstream is busy all the time, and nobody stands in line there for much longer than it takes to be served."""
    it = world(units, seconds)
    it.come(N, 2 * units / seconds)
    it.run(15)
    steady = it.run(30)
    assert steady.answered.total() >= 30 * units / seconds * 0.93
    assert steady.middle() <= 2.5 * seconds
    assert mean(steady.limits) <= units * 4


def test_a_load_that_never_ends_is_not_taken_for_the_usual(world: Make) -> None:
    """Minutes of overload: the latency at the end is what it was."""
    it = world(10, 0.05)
    it.come(N, 400)
    it.run(20)
    early, _, late = it.run(20), it.run(120), it.run(20)
    assert late.middle() <= early.middle() * 1.3


def test_what_was_slow_from_the_start_is_found_out(world: Make) -> None:
    """A gateway that starts in the middle of an overload never saw better answers, and finds the knee all the same."""
    it = world(20, 0.05)
    it.come(N, 1200)
    it.run(20)
    assert it.run(20).middle() <= 0.15


@pytest.mark.parametrize(
    ("units", "fast", "slow", "rates"),
    [
        (5, 0.001, 0.05, (40, 120, 120)),
        (5, 0.001, 0.05, (80, 120, 120)),
        (5, 0.001, 0.2, (20, 120, 120)),
        (20, 0.01, 0.1, (150, 300, 300)),
        (1, 0.001, 0.02, (30, 100, 100)),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_critical_requests_are_all_answered_as_long_as_they_fit(
    world: Make, units: int, fast: float, slow: float, rates: tuple[float, ...], seed: int
) -> None:
    """An upstream becomes many times slower than what is asked of it: no critical request is lost, not even while the limit is
    being found; of the others normal ones are answered rather than background; and all the upstream can do is done.
    """
    it = world(units, fast, seed=seed)
    for priority, rate in zip(Priority, rates, strict=True):
        it.come(priority, rate)
    assert it.run(3).refused.total() == 0
    it.upstream.seconds = slow
    seen = it.run(12)
    assert (seen.refused[C], seen.failed.total()) == (0, 0)
    assert seen.refused[B] > seen.refused[N] > 0
    assert seen.answered.total() >= 12 * units / slow * 0.93
    it.upstream.seconds = fast
    it.run(2)
    assert it.run(5).refused.total() == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_a_mixed_burst_the_critical_ones_are_answered(world: Make, seed: int) -> None:
    """Three and a half seconds' work arrives at once, in any order: all that is critical is answered, most of what is refused is
    background.
    """
    it = world(10, 0.05, seed=seed)
    it.come(C, 50)
    it.come(N, 50)
    it.run(5)
    burst = [C] * 100 + [N] * 300 + [B] * 300
    it.chance.shuffle(burst)
    for priority in burst:
        it.loop.call_soon(it.ask, priority)
    seen = it.run(6)
    assert seen.refused[C] == 0
    assert seen.refused[B] > seen.refused[N]


def test_half_of_the_capacity_gone_is_noticed_and_its_return_too(world: Make) -> None:
    """What is left is used to the full; when all of it is back, nobody is refused any more."""
    it = world(100, 0.05)
    it.come(N, 1200)
    assert it.run(5).refused.total() == 0
    it.upstream.units = 50
    seen = it.run(10)
    assert seen.answered.total() >= 10 * 1000 * 0.93
    it.upstream.units = 100
    it.run(4)
    assert it.run(5).refused.total() == 0


def test_what_refuses_by_itself_is_asked_less(world: Make) -> None:
    """An upstream that answers 503 beyond a short line of its own knows no priorities: most critical requests get past it."""
    it = world(20, 0.05)
    it.upstream.patience = 20
    it.come(C, 100)
    it.come(N, 700)
    it.run(15)
    seen = it.run(15)
    assert seen.failed[C] / (seen.failed[C] + seen.answered[C]) < 0.25
    assert seen.answered.total() >= 15 * 400 * 0.9


def test_an_upstream_that_says_nothing_gets_no_more_than_is_known_to_be_right(world: Make) -> None:
    """It hangs: what is asked of it stays bounded, and when it goes on, it is not buried, and all is well again."""
    it = world(1000, 0.01)
    it.come(C, 50)
    it.come(N, 300)
    it.run(3)
    it.upstream.seconds = 4.0
    it.run(3)
    assert it.door.in_flight <= 64
    it.upstream.seconds = 0.01
    it.run(6)
    assert it.run(5).refused.total() == 0


def test_a_limit_that_nobody_uses_does_not_grow(world: Make) -> None:
    """Else it would be worthless on the day it is needed; and one that was used comes down again."""
    it = world(1000, 0.1)
    it.come(N, 100)
    assert max(it.run(10).limits) == 64
    it.come(N, 1500)
    assert max(it.run(5).limits) > 150
    it.come(N, 100)
    assert it.run(20).limits[-1] == 64


@given(
    st.integers(1, 50),
    st.integers(0, 200),
    st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 10), st.integers(0, 500), st.booleans(), st.booleans()), max_size=400),
)
def test_the_limit_stays_within_its_bounds(least: int, more: int, samples: list[tuple[float, float, int, bool, bool]]) -> None:
    """Whatever is measured, and whoever waits."""
    limit = AdaptiveLimit(Tuning(least=least, most=least + more, initial=least + more // 2, samples=3), 0.0)
    now = 0.0
    for pause, latency, in_flight, ok, pressed in samples:
        now += pause
        limit.pressed = limit.pressed or pressed
        limit.sample(now, latency, in_flight, ok)
        assert least <= limit.limit <= least + more
