"""The sliding window: never more than the limit, and the wait it tells is the true one."""

from hypothesis import given
from hypothesis import strategies as st

from facade.limits.window import Ask, Grant, Window

_LENGTH = 1_000
_STEPS = st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 8), st.integers(1, 8), st.integers(0, 3)), max_size=60)


def one(window: Window, limit: int, now: int) -> Grant:
    return window.take(limit, _LENGTH, now, Ask(1, 1, 0, -1))


@given(st.integers(1, 40), _STEPS)
def test_no_window_holds_more_than_the_limit(limit: int, steps: list[tuple[int, int, int, int]]) -> None:
    """Neither an aligned window nor the sliding one, whatever is leased ahead and given back."""
    window, now, held = Window(), 5_000, Grant(0, 0, 0, 0)
    used: dict[int, int] = {}
    for pause, need, want, unused in steps:
        now += pause
        at, back = held.now // _LENGTH, min(unused, held.given)
        held = window.take(limit, _LENGTH, now, Ask(need, want, back, at))
        used[at] = used.get(at, 0) - back
        current = now // _LENGTH
        used[current] = used.get(current, 0) + held.given
        before = used.get(current - 1, 0) * (_LENGTH - now % _LENGTH)
        assert min(used.values()) >= 0
        if held.given:
            assert held.wait == 0
            assert used[current] * _LENGTH + before <= limit * _LENGTH
            assert held.free >= 0


@given(st.integers(1, 40), st.lists(st.integers(0, 700), min_size=1, max_size=80))
def test_the_wait_is_the_shortest_that_helps(limit: int, pauses: list[int]) -> None:
    """Who comes back a millisecond earlier gets nothing; who comes back then, gets one."""
    window, now = Window(), 5_000
    for pause in pauses:
        now += pause
        while (grant := one(window, limit, now)).given:
            pass
        for moment, expected in ((now + grant.wait - 1, 0), (now + grant.wait, 1)):
            copy = Window()
            copy.at, copy.used, copy.before = window.at, window.used, window.before
            assert one(copy, limit, moment).given == expected


def test_who_keeps_to_the_pace_is_never_refused() -> None:
    """The estimate is never above what an even pace really used, but for one request."""
    window = Window()
    assert all(one(window, 101, now).given for now in range(0, 20_000, 10))


def test_a_boundary_brings_no_second_burst() -> None:
    """What a fixed window would allow, twice the limit around its end, is refused."""
    window = Window()
    assert sum(one(window, 100, 990).given for _ in range(150)) == 100
    assert sum(one(window, 100, 1_010).given for _ in range(150)) == 1


def test_the_last_units_are_not_hoarded() -> None:
    """A worker that leases ahead gets a quarter of what is left, one that has requests waiting all that it needs."""
    window = Window()
    assert window.take(100, _LENGTH, 0, Ask(90, 1, 0, -1)).given == 90
    assert window.take(100, _LENGTH, 0, Ask(0, 8, 0, -1)).given == 2
    assert window.take(100, _LENGTH, 0, Ask(9, 1, 0, -1)).given == 8


def test_a_clock_that_is_set_back_gives_nothing_away() -> None:
    """The window that was counted last stays the present one."""
    window = Window()
    assert window.take(5, _LENGTH, 9_500, Ask(5, 5, 0, -1)).given == 5
    assert window.take(5, _LENGTH, 3_000, Ask(5, 5, 0, -1)).given == 0
