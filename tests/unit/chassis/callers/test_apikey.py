"""API keys: what they look like, and that nothing but a hash is kept."""

import pytest

from chassis.callers import apikey


def test_a_fresh_key_is_read_back() -> None:
    """Its owner sends what was written; the secret in it hashes to what was kept, and is not kept itself."""
    fresh = apikey.fresh()
    found = apikey.split(fresh.written.encode())
    assert found is not None
    assert (found[0], apikey.hashed(found[1])) == (fresh.id, fresh.hash)
    assert len(fresh.hash) == apikey.HASH_BYTES


def test_no_two_keys_are_alike() -> None:
    """Neither their ids nor their secrets."""
    made = [apikey.fresh() for _ in range(1_000)]
    assert len({key.id for key in made}) == len({key.hash for key in made}) == 1_000


@pytest.mark.parametrize(
    "written", [b"", b".", b"a" * 12, b"a" * 12 + b".", b"A" * 12 + b"." + b"x" * 43, b"a" * 12 + b"." + b"=" * 43]
)
def test_what_is_no_key_is_none(written: bytes) -> None:
    """Another length, another alphabet, a part missing."""
    assert apikey.split(written) is None
