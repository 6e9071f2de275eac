"""Counts over the last seconds, compared with a list of everything that happened."""

from hypothesis import given
from hypothesis import strategies as st

from facade.resilience.window import Window


@given(
    steps=st.lists(st.tuples(st.floats(0, 7), st.integers(0, 1)), max_size=60),
    buckets=st.integers(1, 12),
    seconds=st.sampled_from([1.0, 3.0, 10.0]),
)
def test_counts_what_happened_within_the_window_to_a_bucket(steps: list[tuple[float, int]], buckets: int, seconds: float) -> None:
    """Nothing older than the window is counted, and nothing is forgotten that is younger than it less one bucket."""
    window, now, happened = Window(2, seconds, buckets), 100.0, []
    for passed, kind in steps:
        now += passed
        window.add(kind, now)
        happened.append((now, kind))
        for asked in (0, 1):
            slack = 1e-6
            youngest = sum(1 for at, what in happened if what == asked and at > now - seconds + seconds / buckets + slack)
            all_of_it = sum(1 for at, what in happened if what == asked and at > now - seconds - slack)
            assert youngest <= window.totals[asked] <= all_of_it


def test_roll_lets_the_past_go_without_anything_new() -> None:
    """A window that is only looked at does not show what is long over."""
    window = Window(1, 10.0, 10)
    window.add(0, 50.0)
    window.roll(59.5)
    assert window.totals == [1]
    window.roll(60.5)
    assert window.totals == [0]


def test_clear_forgets() -> None:
    """After it, nothing that was counted before can fall out a second time."""
    window = Window(1, 10.0, 10)
    window.add(0, 50.0)
    window.clear()
    window.roll(100.0)
    assert window.totals == [0]
