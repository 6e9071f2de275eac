"""The memory of used tokens: nothing twice, within bounds of time and number."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.callers.replay import Replays

SPAN, LIFE = 10, 8


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, LIFE), st.integers(0, 30)), max_size=300),
    st.integers(1, 40),
)
def test_nothing_is_admitted_twice_and_the_memory_is_bounded(steps: list[tuple[int, int, int]], limit: int) -> None:
    """However fast tokens come, however small the memory is: each is admitted once at most."""
    replays, now, admitted = Replays(SPAN, limit), 1_000, set()
    for passes, age, name in steps:
        now += passes
        token = (str(name), now - age)
        if replays.admit(*token, now):
            assert token not in admitted
            admitted.add(token)
        assert len(replays) <= limit


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, LIFE)), max_size=100))
def test_within_its_bounds_it_refuses_nothing_else(steps: list[tuple[int, int]]) -> None:
    """Every token that was not seen before is admitted."""
    replays, now = Replays(SPAN, 1_000), 1_000
    for number, (passes, age) in enumerate(steps):
        now += passes
        assert replays.admit(str(number), now - age, now)


def test_what_is_over_is_forgotten() -> None:
    """Memory is given back when a token could no longer be accepted anyway."""
    replays = Replays(SPAN)
    for number in range(100):
        assert replays.admit(str(number), 1_000, 1_000)
    assert len(replays) == 100
    assert replays.admit("x", 1_000 + SPAN + 1, 1_000 + SPAN + 1)
    assert len(replays) == 1


def test_a_flood_shortens_lives_and_stops_at_that() -> None:
    """Beyond the limit the oldest second is given up, with all that might still come of it; the present goes on."""
    replays = Replays(SPAN, 10)
    for second in (1_000, 1_001):
        for number in range(6):
            assert replays.admit(str(number), second, 1_001)
    assert not replays.admit("late", 1_000, 1_001)
    assert replays.admit("in time", 1_001, 1_001)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_of_many_threads_one_wins() -> None:
    """A token that comes to all threads at once is admitted once; so are all the others."""
    replays, names, start = Replays(SPAN), [str(number) for number in range(5_000)], Barrier(4)

    def admitted() -> int:
        start.wait()
        return sum(replays.admit(name, 1_000, 1_000) for name in names)

    with ThreadPoolExecutor(4) as pool:
        assert sum(each.result() for each in [pool.submit(admitted) for _ in range(4)]) == len(names) == len(replays)
