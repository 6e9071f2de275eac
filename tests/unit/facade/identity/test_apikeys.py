"""API keys at the entrance: read from the feed, known by their hashes, refused when they are not in force."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.callers import apikey
from facade.identity.apikeys import ApiKeys, written_in
from facade.identity.feed import BadKeys, Quota, parse
from facade.identity.principal import Principal
from facade.problems import Problem
from tests.unit.facade.identity.asking import asking
from tests.unit.facade.identity.issuer import NOW, Clock

FRESH = apikey.fresh()
WRITTEN = FRESH.written.encode()
ENTRY: dict[str, Any] = {
    "id": FRESH.id, "hash": FRESH.hash.hex(), "scopes": ["orders:read"], "limit": {"requests": 600, "seconds": 60},
    "expires": int(NOW) + 60,
}  # fmt: skip
PRINCIPAL = Principal("key", FRESH.id, frozenset({"orders:read"}))


def keys(clock: Clock | None = None, **changed: Any) -> ApiKeys:
    return ApiKeys(parse([{**ENTRY, **changed}]), clock or Clock())


def test_a_key_of_the_feed_is_known() -> None:
    """With its scopes and its limit, and the limit of nobody else."""
    known = keys()
    assert known.of(WRITTEN) == PRINCIPAL
    assert known.quota(FRESH.id) == Quota(600, 60)
    assert known.quota("another") is None
    assert keys(limit=None).quota(FRESH.id) is None


@given(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255))
def test_no_changed_byte_is_accepted(place: int, byte: int) -> None:
    """Neither of the id nor of the secret, nor another spelling of the same bits."""
    other = WRITTEN[:place] + bytes([byte]) + WRITTEN[place + 1 :]
    if other != WRITTEN:
        with pytest.raises(Problem) as caught:
            keys().of(other)
        assert caught.value.status == 401


ODD = {
    "empty": b"", "dot": b".", "padded": WRITTEN + b"=", "short": WRITTEN[:-1], "binary": b"\xff" * 56,
    "twice": WRITTEN + b"." + WRITTEN, "long": b"x" * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_key_is_refused(kind: str) -> None:
    """With a challenge for API keys that repeats nothing of what was sent."""
    with pytest.raises(Problem) as caught:
        keys().of(ODD[kind])
    assert caught.value.status == 401
    assert (
        caught.value.more
        == b'www-authenticate: ApiKey realm="banyan", error="invalid_key", error_description="it is malformed"\r\n'
    )


def test_a_key_expires_by_itself() -> None:
    """Also when the feed still names it: control may be gone."""
    clock = Clock()
    known = keys(clock)
    clock.now = NOW + 59.9
    assert known.of(WRITTEN) == PRINCIPAL
    clock.now = NOW + 60
    with pytest.raises(Problem, match="expired"):
        known.of(WRITTEN)


def test_a_key_without_expiry_does_not_expire() -> None:
    """Not in a hundred years."""
    assert keys(Clock(NOW + 3e9), expires=None).of(WRITTEN) == PRINCIPAL


def test_a_revoked_key_is_one_that_the_feed_no_longer_names() -> None:
    """From the next feed on it is refused, and has no limit any more."""
    known = keys()
    known.replace(())
    with pytest.raises(Problem):
        known.of(WRITTEN)
    assert known.quota(FRESH.id) is None


@pytest.mark.parametrize(
    "raw",
    [
        None, {}, [1], [{}], [{**ENTRY, "hash": "00"}], [{**ENTRY, "hash": "xx"}], [{**ENTRY, "id": ""}],
        [{**ENTRY, "scopes": None}], [{**ENTRY, "expires": "soon"}], [{**ENTRY, "limit": {"requests": 0, "seconds": 1}}],
        [{**ENTRY, "limit": {"requests": 1}}], [ENTRY, {**ENTRY, "hash": None}],
    ],
)  # fmt: skip
def test_a_feed_that_cannot_be_read_is_refused_whole(raw: Any) -> None:
    """Half the keys would lock out the other half."""
    with pytest.raises(BadKeys):
        parse(raw)


@pytest.mark.parametrize(
    ("lines", "written"),
    [
        ((), None),
        ((b"Authorization: Bearer x",), None),
        ((b"Authorization: ApiKey a.b",), b"a.b"),
        ((b"authorization: apikey   a.b",), b"a.b"),
        ((b"Authorization: ApiKey ",), None),
        ((b"X-Api-Key: a.b",), b"a.b"),
        ((b"x-api-key:",), b""),
    ],
)
def test_where_a_key_is_looked_for(lines: tuple[bytes, ...], written: bytes | None) -> None:
    """In both headers, with the scheme in any case; an empty X-Api-Key is a key, and a bad one."""
    assert written_in(asking(*lines).inbound) == written


@pytest.mark.parametrize(
    "lines",
    [
        (b"X-Api-Key: a", b"Authorization: ApiKey b"),
        (b"X-Api-Key: a", b"Authorization: Bearer b"),
        (b"Authorization: Basic b", b"X-Api-Key: a"),
        (b"X-Api-Key: a", b"X-Api-Key: a"),
        (b"X-Api-Key:", b"X-Api-Key: a"),
    ],
)
def test_two_credentials_are_one_too_many(lines: tuple[bytes, ...]) -> None:
    """400: whoever reads the one differs from whoever reads the other."""
    with pytest.raises(Problem) as caught:
        written_in(asking(*lines).inbound)
    assert caught.value.status == 400
