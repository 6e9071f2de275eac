"""Cohorts: stable, even, and monotone."""

from hypothesis import given
from hypothesis import strategies as st

from facade import cohort


@given(st.floats(0, 100), st.floats(0, 100))
def test_raising_a_percentage_never_moves_a_user_back(one: float, other: float) -> None:
    """Whoever is below N % is below every M % with M >= N, since a bucket is one for all of them."""
    low, high = sorted((one, other))
    assert cohort.below(low) <= cohort.below(high)


@given(st.text(), st.text(max_size=20), st.text())
def test_bounds(key: str, context: str, who: str) -> None:
    """Nobody is below 0 %, everybody below 100 %."""
    assert cohort.below(0) <= cohort.bucket(key, context, who) < cohort.below(100)


def test_each_hundredth_of_a_percent_is_one_bucket() -> None:
    """Also those that a float cannot hold: 0.57 % are 57 buckets, not 56."""
    assert [cohort.below(hundredth / 100) for hundredth in range(cohort.BUCKETS + 1)] == list(range(cohort.BUCKETS + 1))


def test_bucket_is_the_same_on_every_facade() -> None:
    """The buckets are written in stone: a release that changed the hash would reshuffle every canary."""
    assert [cohort.bucket("banyan", "users", who) for who in ("ann", "bob", "é")] == [329, 8095, 8084]


def test_buckets_are_even_and_contexts_independent() -> None:
    """A tenth of the percentage is a tenth of the users, and not the same users in every context."""
    users = [f"user-{number}" for number in range(20_000)]
    tenth = {who for who in users if cohort.bucket("k", "users", who) < cohort.below(10)}
    assert 1_800 < len(tenth) < 2_200
    both = {who for who in tenth if cohort.bucket("k", "orders", who) < cohort.below(10)}
    assert 120 < len(both) < 280
