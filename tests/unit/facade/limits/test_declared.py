"""Declarations of limits: what they say, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.limits.declared import BadLimit, By, Fail, Limit, parse, parse_all

_LIMITS = st.builds(
    Limit, st.integers(1, 10_000_000), st.integers(1, 86_400), st.sampled_from(list(By)), st.sampled_from(list(Fail))
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("600/1m per ip", Limit(600, 60, By.IP)),
        ("600/m per ip", Limit(600, 60, By.IP)),
        (" 20 / 10s  per key fail closed", Limit(20, 10, By.KEY, Fail.CLOSED)),
        ("5/2h per subject fail open", Limit(5, 7_200, By.SUBJECT)),
        ("1/1d per subject", Limit(1, 86_400, By.SUBJECT)),
    ],
)
def test_a_declaration_is_read(text: str, expected: Limit) -> None:
    """Count, window, whose, and what to do without Valkey."""
    assert parse(text) == expected


@given(_LIMITS)
def test_what_is_written_is_read_again(limit: Limit) -> None:
    """A limit's text is a declaration of it."""
    assert parse(f"{limit} fail {limit.fail}") == limit


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("600 per minute", "written like"),
        ("0/1m per ip", "count"),
        ("99999999/1m per ip", "count"),
        ("1/0s per ip", "window"),
        ("1/2d per ip", "window"),
        ("1/1w per ip", "'w'"),
        ("1/1m per cookie", "'cookie'"),
        ("1/1m per ip fail maybe", "'maybe'"),
        ("1/1m per ip or so", "written like"),
        ("", "written like"),
    ],
)
def test_a_mistake_is_named(text: str, named: str) -> None:
    """Nothing is guessed, and the message tells what is wrong."""
    with pytest.raises(BadLimit, match=named):
        parse(text)


def test_all_mistakes_are_told_at_once() -> None:
    """A file is mended in one go."""
    with pytest.raises(BadLimit) as caught:
        parse_all(["1/1w per ip", "5/1m per ip", "9/60s per ip", "x"])
    assert all(part in str(caught.value) for part in ("'w'", "already", "'x'"))


def test_small_limits_are_not_leased_ahead() -> None:
    """A worker that held units of a limit of ten would make it inexact."""
    assert [parse(f"{count}/1m per ip").chunk for count in (1, 39, 40, 600)] == [1, 1, 2, 30]
