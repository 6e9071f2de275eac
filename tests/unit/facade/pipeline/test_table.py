"""Which policy a request meets."""

import pytest

from facade.pipeline.policy import Policy
from facade.pipeline.table import NOTHING, PolicyTable


def policy(path: str, *methods: str) -> Policy:
    return Policy.of(path, frozenset(methods), ())


TABLE = PolicyTable.of([policy("/"), policy("/a"), policy("/a/b", "GET"), policy("/a/b"), policy("/a/b/c", "POST")])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", "/"), ("GET", "/x", "/"), ("GET", "/a", "/a"), ("GET", "/a/", "/a"), ("GET", "/ab", "/"),
        ("GET", "/a/b", "/a/b"),
        ("PUT", "/a/b/x", "/a/b"), ("GET", "/a/b/c", "/a/b"), ("POST", "/a/b/c/d", "/a/b/c"),
    ],
)  # fmt: skip
def test_longest_path_wins_and_ends_at_a_slash(method: str, path: str, expected: str) -> None:
    """A path that only begins alike is another one."""
    assert TABLE.match(method, path).path == expected


def test_the_method_s_own_policy_wins() -> None:
    """Of two for one path, the one that names the method."""
    assert (TABLE.match("GET", "/a/b").methods, TABLE.match("PUT", "/a/b").methods) == ({"GET"}, frozenset())


def test_an_empty_table_demands_nothing() -> None:
    """It has an answer for every path all the same."""
    assert PolicyTable.of([]).match("GET", "/x") is NOTHING
