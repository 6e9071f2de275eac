"""The measured peer has a processor of its own wherever there are two."""

import os

import pytest

from benchmarks.gateway.seats import Seats, sitting


@pytest.mark.parametrize("processors", [{0, 1}, {3, 5, 8}, set(range(16))])
def test_the_peer_sits_alone(processors: set[int]) -> None:
    """Whatever the processors are numbered, and all of them are used."""
    seats = Seats.of(processors)
    assert len(seats.peer) == 1
    assert not seats.peer & seats.rest
    assert seats.all == processors


def test_a_single_processor_is_shared() -> None:
    """The benchmark still runs there."""
    assert Seats.of({0}) == Seats(frozenset({0}), frozenset({0}))


def test_this_process_sits_where_it_is_told_and_gets_up_again() -> None:
    """Also when the measurement fails."""
    before = os.sched_getaffinity(0)
    one = frozenset({min(before)})
    with pytest.raises(KeyError):
        _fail_on(one)
    assert os.sched_getaffinity(0) == before


def _fail_on(processors: frozenset[int]) -> None:
    with sitting(processors):
        assert os.sched_getaffinity(0) == processors
        raise KeyError
