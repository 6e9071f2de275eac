"""Cohorts: stable, even, and monotone."""

from hypothesis import given
from hypothesis import strategies as st

from facade import cohort


@given(st.text(), st.text(max_size=20), st.text(), st.floats(0, 100), st.floats(0, 100))
def test_raising_a_percentage_never_moves_a_user_back(key: str, context: str, who: str, one: float, other: float) -> None:
    """Whoever is below N % is below every M % with M >= N."""
    low, high = sorted((one, other))
    bucket = cohort.bucket(key, context, who)
    assert cohort.is_below(bucket, high) or not cohort.is_below(bucket, low)


@given(st.text(), st.text(max_size=20), st.text())
def test_bounds(key: str, context: str, who: str) -> None:
    """Nobody is below 0 %, everybody below 100 %."""
    bucket = cohort.bucket(key, context, who)
    assert 0 <= bucket < cohort.BUCKETS
    assert not cohort.is_below(bucket, 0)
    assert cohort.is_below(bucket, 100)


def test_bucket_is_the_same_on_every_facade() -> None:
    """The buckets are written in stone: a release that changed the hash would reshuffle every canary."""
    assert [cohort.bucket("banyan", "users", who) for who in ("ann", "bob", "é")] == [329, 8095, 8084]


def test_buckets_are_even_and_contexts_independent() -> None:
    """A tenth of the percentage is a tenth of the users, and not the same users in every context."""
    users = [f"user-{number}" for number in range(20_000)]
    tenth = {who for who in users if cohort.is_below(cohort.bucket("k", "users", who), 10)}
    assert 1_800 < len(tenth) < 2_200
    both = {who for who in tenth if cohort.is_below(cohort.bucket("k", "orders", who), 10)}
    assert 120 < len(both) < 280
