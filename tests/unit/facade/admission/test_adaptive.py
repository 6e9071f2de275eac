"""The adaptive limit against a simulated server: it finds the knee, keeps it, and recovers."""

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.admission.adaptive import AdaptiveLimit, Tuning
from tests.unit.facade.admission.simulated import Phase, Server

_SAMPLES = st.lists(
    st.tuples(st.floats(0, 0.5), st.floats(0, 10), st.integers(0, 500), st.booleans()),
    max_size=400,
)  # fmt: skip


def percentile(phase: Phase, share: float) -> float:
    return sorted(phase.latencies)[int(len(phase.latencies) * share)]


@pytest.mark.parametrize(("units", "seconds"), [(10, 0.01), (50, 0.02), (20, 0.2)])
def test_the_limit_finds_the_knee_under_twice_the_load(units: int, seconds: float) -> None:
    """The server is busy all the time, and nobody queues there for longer than it takes to be served."""
    server = Server(AdaptiveLimit(Tuning(), 0.0), units, seconds)
    capacity = units / seconds
    server.run(15, 2 * capacity)
    steady = server.run(60, 2 * capacity)
    assert units * 0.9 <= mean(steady.limits) <= units * 2
    assert steady.served >= 60 * capacity * 0.95
    assert percentile(steady, 0.5) <= 2 * seconds


def test_a_load_that_never_ends_is_not_taken_for_the_base() -> None:
    """Ten minutes of overload: the limit at the end is where it was."""
    server = Server(AdaptiveLimit(Tuning(), 0.0), 10, 0.05)
    server.run(30, 400)
    early, _, late = (server.run(60, 400), server.run(480, 400), server.run(60, 400))
    assert mean(late.limits) <= mean(early.limits) * 1.3


@pytest.mark.parametrize(("units", "seconds"), [(10, 0.01), (200, 0.05)])
def test_it_recovers_from_a_slowdown(units: int, seconds: float) -> None:
    """While the server is three times slower, it is still used to the full; and so it is when it is fast again."""
    server = Server(AdaptiveLimit(Tuning(), 0.0), units, seconds)
    capacity = units / seconds
    server.run(20, 2 * capacity)
    server.seconds = 3 * seconds
    server.run(10, capacity)
    slow = server.run(20, capacity)
    assert slow.served >= 20 * capacity / 3 * 0.9
    server.seconds = seconds
    server.run(40, 2 * capacity)
    fast = server.run(20, 2 * capacity)
    assert fast.served >= 20 * capacity * 0.95
    assert percentile(fast, 0.5) <= 2 * seconds


def test_errors_lower_the_limit_until_they_end() -> None:
    """A server that answers half of the requests with quick errors is not taken for a fast one."""
    server = Server(AdaptiveLimit(Tuning(), 0.0), 50, 0.02)
    server.run(10, 4_000)
    assert server.run(10, 4_000, failing=0.5).limits[-1] == 8
    server.run(30, 4_000)
    assert 45 <= mean(server.run(10, 4_000).limits) <= 100


def test_a_limit_that_nobody_uses_does_not_grow() -> None:
    """Else it would be worthless on the day it is needed."""
    server = Server(AdaptiveLimit(Tuning(), 0.0), 50, 0.02)
    assert max(server.run(60, 100).limits) == 100


def test_a_quiet_server_is_not_probed_again_and_again() -> None:
    """While the base is seen all the time, the limit is lowered for it once, at the start."""
    server = Server(AdaptiveLimit(Tuning(), 0.0), 50, 0.02)
    server.run(10, 500)
    assert min(server.run(300, 500).limits) == 100


def test_a_probe_ends_even_if_the_number_in_flight_never_comes_down() -> None:
    """Answers that last for hours must not hold the limit down for as long."""
    limit = AdaptiveLimit(Tuning(), 0.0)
    lowered = False
    for step in range(1_000):
        limit.sample(step / 100, 0.001, 90, ok=True)
        lowered = lowered or limit.probing
    assert lowered
    assert not limit.probing
    assert limit.limit >= 100


@given(st.integers(1, 50), st.integers(0, 200), _SAMPLES)
def test_the_limit_stays_within_its_bounds(minimum: int, more: int, samples: list[tuple[float, float, int, bool]]) -> None:
    """Whatever is measured."""
    limit = AdaptiveLimit(Tuning(minimum=minimum, maximum=minimum + more, initial=minimum + more // 2), 0.0)
    now = 0.0
    for pause, latency, in_flight, ok in samples:
        now += pause
        limit.sample(now, latency, in_flight, ok=ok)
        assert minimum <= limit.limit <= minimum + more
