"""Positions and subjects: what headers, tokens and cookies say, and what is made of it."""

import asyncio
import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade import subject
from facade.decide import Freshness
from facade.positions import Position, Positions, compare, parse_header
from facade.settings import Settings

_POSITION = st.builds(Position, st.integers(0, 9), st.integers(0, 2**63))


@given(_POSITION)
def test_position_is_read_as_it_is_written(position: Position) -> None:
    """Writing and reading agree."""
    assert Position.parse(bytes(position)) == position


@given(_POSITION, _POSITION)
def test_caught_up_means_an_earlier_epoch_or_the_same_and_passed(position: Position, horizon: Position) -> None:
    """Transaction ids of different epochs are of different databases and are never compared; an earlier epoch was drained."""
    expected = horizon.epoch > position.epoch or (horizon.epoch == position.epoch and horizon.xid >= position.xid)
    assert (compare(position, horizon) is Freshness.CAUGHT_UP) == expected


def test_who_wrote_nothing_misses_nothing() -> None:
    """Without a position there is nothing to wait for; without a horizon nothing has arrived."""
    assert compare(None, None) is Freshness.CAUGHT_UP
    assert compare(Position(1, 1), None) is Freshness.BEHIND


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"users=1:2", [("users", Position(1, 2))]),
        (b"users=1:2, orders=3:4", [("users", Position(1, 2)), ("orders", Position(3, 4))]),
        (b"users=1", []),
        (b"users=a:b,orders=3:4", [("orders", Position(3, 4))]),
        (b"", []),
        (b"users=-1:2", []),
    ],
)
def test_header_is_read_part_by_part(value: bytes, expected: list[tuple[str, Position]]) -> None:
    """A part that cannot be read spoils no other."""
    assert parse_header(value) == expected


def test_without_valkey_nobody_can_tell() -> None:
    """A facade that sees its own writes only must not call anybody caught up; and what it remembers is bounded."""

    async def run() -> int:
        positions = Positions(Settings("http://m", position_limit=10, var_dir=Path("/nowhere")), None)
        for number in range(50):
            await positions.record("users", f"u{number}", Position(1, number))
        assert await positions.freshness("users", "nobody") is Freshness.UNKNOWN
        return len(positions._local)

    assert asyncio.run(run()) == 10


def bearer(claims: bytes) -> bytes:
    return b"Bearer e30." + base64.urlsafe_b64encode(claims).rstrip(b"=") + b".c2ln"


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (bearer(b'{"sub":"ann"}'), "ann"),
        (bearer(b'{"sub":"ann"}').replace(b"Bearer", b"bearer"), "ann"),
        (bearer(b'{"sub":7}'), None),
        (bearer(b'{"sub":""}'), None),
        (bearer(b"[]"), None),
        (bearer(b"{"), None),
        (b"Bearer a.b", None),
        (b"Bearer a.!!!.c", None),
        (b"Basic YTpi", None),
        (b"Bearer " + b"x" * 9_000, None),
        (b"", None),
    ],
)
def test_subject_of_a_token(authorization: bytes, expected: str | None) -> None:
    """A token that can be read names its subject; nothing else does, and nothing fails."""
    assert subject.of_token(authorization) == expected


@pytest.mark.parametrize(
    ("cookie", "known"),
    [
        (b"banyan_anon=" + b"a" * 32, True),
        (b"a=b; banyan_anon=" + b"a" * 32 + b"; c=d", True),
        (b"xbanyan_anon=" + b"a" * 32, False),
        (b"banyan_anon=" + b"A" * 32, False),
        (b"banyan_anon=" + b"a" * 33, False),
        (b"banyan_anon=", False),
    ],
)
def test_cookie_is_taken_only_in_the_form_that_is_given(cookie: bytes, known: bool) -> None:
    """An id that the facade could not have given is replaced, so nobody chooses their cohort by hand at will."""
    assert (subject.of_cookie(cookie) is not None) == known
