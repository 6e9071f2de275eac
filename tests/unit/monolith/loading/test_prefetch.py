"""Making pages ahead."""

import threading
from collections.abc import Iterator

import pytest

from monolith.loading.prefetch import prefetch


def _alive() -> bool:
    return any(thread.name == "load-pages" for thread in threading.enumerate())


def test_order_is_kept_and_the_thread_ends() -> None:
    """All items, in order, and no thread left behind."""
    assert list(prefetch(iter(range(100)))) == list(range(100))
    assert not _alive()


def test_a_failure_comes_after_the_items_before_it() -> None:
    """What was made before the failure is delivered, then the failure itself."""

    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("planted")

    got: list[int] = []
    with pytest.raises(ValueError, match="planted"):
        got.extend(prefetch(failing()))
    assert got == [1, 2]
    assert not _alive()


def test_a_consumer_that_stops_early_ends_the_maker() -> None:
    """An endless maker is told to stop, also while it waits for room."""

    def endless() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    pages = prefetch(endless())
    assert next(pages) == 0
    pages.close()
    assert not _alive()


def test_no_more_than_the_depth_is_made_ahead() -> None:
    """Memory is bounded: with depth 2, at most two wait, one is in hand and one is being offered."""
    made: list[int] = []

    def counting() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    for item in prefetch(counting(), depth=2):
        assert len(made) <= item + 4
