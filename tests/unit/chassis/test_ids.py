"""Public identifiers."""

from uuid import UUID

from chassis.ids import uuid7


def test_ids_are_of_version_7_and_keep_the_order_of_their_making() -> None:
    """Also within one millisecond: which family of sessions is the oldest is read from them."""
    made = [uuid7() for _ in range(5_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, UUID(int=2 << 62).variant)}
