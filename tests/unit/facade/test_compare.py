"""Comparison: differences by place, and noise that must be earned."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.compare import MOST_DIFFERENCES, STATUS, Answer, Noise, differences, shape_of

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def pointers(old: Any, new: Any) -> set[str]:
    return {d.pointer for d in differences(Answer(200, old), Answer(200, new))}


@given(_JSON)
def test_equal_answers_do_not_differ(document: Any) -> None:
    """Nothing is found where nothing is."""
    assert pointers(document, document) == set()


@given(_JSON, _JSON)
def test_whatever_differs_is_found(old: Any, new: Any) -> None:
    """Two documents that differ are never called equal; 1 and true are not the same."""
    assert bool(pointers(old, new)) == (repr_of(old) != repr_of(new))


def repr_of(document: Any) -> str:
    """Like repr, but without regard to the order of keys."""
    if isinstance(document, dict):
        return "{" + ",".join(f"{key!r}:{repr_of(document[key])}" for key in sorted(document)) + "}"
    if isinstance(document, list):
        return "[" + ",".join(map(repr_of, document)) + "]"
    return repr(document)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"/a/b"}),
        ({"a": 1}, {}, {"/a"}),
        ({}, {"a/b~c": None}, {"/a~1b~0c"}),
        ([{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 3}], {"/*/x"}),
        ([1], [1, 2], {""}),
        ({"a": 1}, {"a": 1.5}, {"/a"}),
        ({"a": 1}, {"a": "1"}, {"/a"}),
    ],
)
def test_differences_have_places(old: Any, new: Any, expected: set[str]) -> None:
    """A difference is named by where it is."""
    assert pointers(old, new) == expected


def test_status_counts_and_the_list_is_bounded() -> None:
    """Another status is a difference; a thousand differences are cut."""
    found = differences(Answer(200, list(range(900))), Answer(404, list(range(1, 901))))
    assert found[0].pointer == STATUS
    assert len(found) == MOST_DIFFERENCES


def test_noise_must_be_seen_in_half_of_the_times() -> None:
    """A field that always differs from itself is noise after two times; one that moved now and then is not."""
    noise, always = Noise(), differences(Answer(200, {"t": 1}), Answer(200, {"t": 2}))
    noise.learn("/s", always)
    assert not noise.covers("/s", "/t")
    noise.learn("/s", always)
    assert noise.covers("/s", "/t")
    assert not noise.covers("/other", "/t")
    for _ in range(3):
        noise.learn("/s", [])
    assert not noise.covers("/s", "/t"), "data that changed twice in five times is data"


def test_status_is_never_noise() -> None:
    """An old side that fails now and then excuses nothing."""
    noise, flapping = Noise(), differences(Answer(200, None), Answer(500, None))
    for _ in range(9):
        noise.learn("/s", flapping)
    assert not noise.covers("/s", STATUS)


def test_noise_is_bounded() -> None:
    """Neither paths nor fields can fill the memory."""
    noise = Noise()
    wide = differences(Answer(200, {str(n): 1 for n in range(45)}), Answer(200, {}))
    for number in range(2_000):
        noise.learn(f"/shape{number}", wide)
    assert len(noise._shapes) == 500


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/v1/users/me", "/api/v1/users/me"),
        ("/api/v1/orders/17/lines/3", "/api/v1/orders/*/lines/*"),
        ("/x/0190a5e2-7c1e-7d4f-8a31-0123456789ab", "/x/*"),
    ],
)
def test_shape_of_a_path(path: str, shape: str) -> None:
    """Identities are no part of a shape."""
    assert shape_of(path) == shape
