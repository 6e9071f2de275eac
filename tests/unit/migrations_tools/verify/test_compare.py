"""Every planted drift is found, and a change that is still on its way is none."""

import pytest

from migrations_tools.verify.compare import Pair, compare_page
from migrations_tools.verify.suspects import Patience
from tests.unit.migrations_tools.verify.sides import MemorySide, users

KEYS = range(1, 251)


def pair() -> tuple[MemorySide, MemorySide]:
    return MemorySide(users(*KEYS)), MemorySide(users(*KEYS))


def kinds(source: MemorySide, target: MemorySide, **options: object) -> dict[int, str]:
    page = compare_page(Pair(source, target), "user", 0, **options)
    return {found.key: found.kind for found in page.found}


def test_equal_sides_are_clean() -> None:
    """Nothing is found where there is nothing, and everything is counted."""
    page = compare_page(Pair(*pair()), "user", 0)
    assert (page.equal, page.found, page.undecided, page.last) == (len(KEYS), [], 0, True)


def test_two_empty_sides_are_clean() -> None:
    """Nothing to compare ends the walk."""
    assert compare_page(Pair(MemorySide(), MemorySide()), "user", 0).last is True


@pytest.mark.parametrize("key", [1, 100, 101, 250])
def test_each_planted_drift_is_found(key: int) -> None:
    """A changed, a missing and an extra aggregate are each found, wherever they stand in the range."""
    source, target = pair()
    target.held[key] = {**target.held[key], "email": "drift"}
    assert kinds(source, target) == {key: "different"}
    del target.held[key]
    assert kinds(source, target) == {key: "missing"}
    source, target = pair()
    del source.held[key]
    assert kinds(source, target) == {key: "extra"}


def test_an_extra_beyond_the_last_key_is_found() -> None:
    """What only the mirror has above all keys of the source is seen too."""
    source, target = pair()
    target.held[999] = {"id": 999}
    assert kinds(source, target) == {999: "extra"}


def test_a_page_ends_where_the_fuller_side_ends() -> None:
    """A key that the page of one side does not reach yet is not called missing there."""
    source, target = MemorySide(users(*KEYS)), MemorySide(users(*range(200, 251)))
    page = compare_page(Pair(source, target), "user", 0, limit=10)
    assert page.after == 10
    assert {found.kind for found in page.found} == {"missing"}


def test_a_change_on_its_way_is_no_divergence() -> None:
    """The target lags by one change: its arrival is awaited, then both are the same."""
    source, target = pair()
    source.held[7] = {"id": 7, "email": "new"}
    source.underway = {1: 7}
    pauses = iter(range(5))

    def replicate(_seconds: float) -> None:
        if next(pauses) == 4:
            target.held[7] = dict(source.held[7])
            source.underway.clear()

    page = compare_page(Pair(source, target), "user", 0, patience=Patience(pause=replicate))
    assert page.found == []
    assert page.equal == len(KEYS)


def test_a_change_during_the_comparison_is_no_divergence() -> None:
    """An aggregate that is written between the two readings is compared again, not reported."""
    source, target = pair()
    target.held[7] = {"id": 7, "email": "old"}

    def write(count: int) -> None:
        if count == 2:  # the reading before the outbox is looked at
            source.held[7] = {"id": 7, "email": "newer"}
        if count == 4:
            target.held[7] = dict(source.held[7])

    source.on_read = write
    page = compare_page(Pair(source, target), "user", 0)
    assert page.found == []
    assert page.equal == len(KEYS)


def test_what_never_stands_still_is_undecided() -> None:
    """An aggregate that changes at each look is neither equal nor divergent, and the page says so."""
    source, target = pair()
    target.held[7] = {"id": 7}
    source.on_read = lambda count: source.held.update({7: {"id": 7, "email": str(count)}})
    page = compare_page(Pair(source, target), "user", 0, patience=Patience(rounds=3))
    assert (page.undecided, page.found) == (1, [])
    assert "faster" in page.reason


def test_a_change_that_does_not_arrive_is_not_measured() -> None:
    """Without replication nothing can be told about a suspect whose change is still queued; the
    others are decided.
    """
    source, target = pair()
    target.held[7] = target.held[8] = {"id": 0}
    source.underway = {1: 7}
    page = compare_page(Pair(source, target), "user", 0, patience=Patience(seconds=0))
    assert [found.key for found in page.found] == [8]
    assert page.undecided == 1
    assert "did not arrive" in page.reason


def test_later_changes_of_a_suspect_are_not_awaited() -> None:
    """An aggregate that is never without a queued change is compared all the same."""
    source, target = pair()
    source.held[7] = {"id": 7, "email": "new"}
    source.underway = {1: 7}

    def replicate_and_write_again(_seconds: float) -> None:
        target.held[7] = dict(source.held[7])
        source.underway = {max(source.underway) + 1: 7}

    page = compare_page(Pair(source, target), "user", 0, patience=Patience(pause=replicate_and_write_again))
    assert (page.equal, page.undecided, page.found) == (len(KEYS), 0, [])


def test_a_newer_state_than_the_first_reading_is_no_divergence() -> None:
    """The target may have got a change that came after the first reading; the second one shows it."""
    source, target = pair()
    target.held[7] = {"id": 7, "email": "newer"}

    def write(count: int) -> None:
        if count == 2:
            source.held[7] = {"id": 7, "email": "newer"}

    source.on_read = write
    page = compare_page(Pair(source, target), "user", 0, patience=Patience(rounds=1))
    assert (page.equal, page.undecided, page.found) == (len(KEYS), 0, [])


def test_a_parked_aggregate_is_divergent() -> None:
    """What the relay gave up on is reported as such, and is not waited for."""
    source, target = pair()
    del target.held[7]
    source.underway, source.given_up = {1: 7}, {7}
    page = compare_page(Pair(source, target), "user", 0, patience=Patience(seconds=0))
    assert [found.key for found in page.found] == [7]
    assert page.undecided == 0


def test_a_row_deleted_on_both_sides_meanwhile_is_nothing() -> None:
    """A suspect that is gone everywhere is neither equal nor divergent."""
    source, target = pair()
    target.held[7] = {"id": 7}

    def delete(count: int) -> None:
        if count == 1:
            source.held.pop(7, None)
            target.held.pop(7, None)

    source.on_read = delete
    page = compare_page(Pair(source, target), "user", 0)
    assert (page.equal, page.found, page.undecided) == (len(KEYS) - 1, [], 0)
