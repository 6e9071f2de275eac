"""Public ids of loaded rows."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from monolith.loading.keys import milliseconds, public_id

TIMES = st.integers(0, 2**48 - 1)


@given(st.text(), TIMES)
def test_a_public_id_is_a_valid_version_seven_of_its_time(key: str, at: int) -> None:
    """Version, variant and the 48 bits of time are where RFC 9562 wants them, and the text is canonical."""
    made = UUID(public_id(key, at))
    assert (made.version, made.variant, made.int >> 80) == (7, RFC_4122, at)
    assert str(made) == public_id(key, at)


@given(st.text(), st.text(), TIMES)
def test_a_public_id_depends_on_its_key_alone(one: str, other: str, at: int) -> None:
    """The same key gives the same id, different keys of one moment different ids."""
    assert (public_id(one, at) == public_id(other, at)) == (one == other)


def test_milliseconds_are_exact_and_know_the_zone() -> None:
    """A millisecond is not lost to a float, nor an hour to a time zone."""
    moment = datetime(2014, 9, 12, 11, 15, 7, 263999, UTC)
    assert milliseconds(moment) == 1_410_520_507_263
    assert milliseconds(moment.astimezone(timezone(timedelta(hours=5)))) == 1_410_520_507_263
