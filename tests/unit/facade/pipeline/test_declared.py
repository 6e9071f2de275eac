"""The policies' file: what it may say, and that all that is wrong in it is told at once."""

import os
from pathlib import Path

import pytest

from facade.identity.stage import Mode
from facade.pipeline.declared import LARGEST, InvalidPolicies, declare, read
from facade.settings import Settings


def errors(raw: dict[str, object]) -> tuple[str, ...]:
    with pytest.raises(InvalidPolicies) as refused:
        declare(raw)
    return refused.value.errors


def test_the_shipped_file_is_valid() -> None:
    """What a fresh checkout runs with can be read."""
    assert {rules.path for rules in read(Settings("http://m").policies).routes} >= {"/", "/api/v1/users/me"}


def test_a_route_says_what_differs() -> None:
    """Defaults reach every route, also the one for all other paths; a route's own word counts more."""
    declared = declare(
        {"defaults": {"authenticate": "required", "max_body": 5}, "routes": [{"path": "/a", "authenticate": "none"}]}
    )
    found = {rules.path: (rules.authenticate, rules.max_body) for rules in declared.routes}
    assert found == {"/": (Mode.REQUIRED, 5), "/a": (Mode.NONE, 5)}


def test_all_errors_are_told_at_once() -> None:
    """Whoever mends the file need not come back for each mistake; a mistake in the defaults is told where it was made, once."""
    told = errors(
        {
            "typo": {},
            "defaults": {"limits": ["6 per ip"], "colour": "red"},
            "routes": [
                {"path": "a/"},
                {"path": "/a", "methods": ["FETCH"]},
                {"path": "/b", "cors": {"origins": ["*"], "credentials": True}},
            ],
            "resilience": {"users": {"breaker": {"window": -1}}, "user": {}},
        }
    )
    assert [error.partition(":")[0] for error in told] == [
        "typo", "defaults.limits", "defaults.colour", "routes[1] (a/).path", "routes[2] (/a).methods", "routes[3] (/b).cors",
        "resilience.user", "resilience.users.breaker.window",
    ]  # fmt: skip


def test_false_takes_back_what_the_defaults_say() -> None:
    """A route can be without what all others have."""
    declared = declare({"defaults": {"compress": {}}, "routes": [{"path": "/a", "compress": False, "secure": False}]})
    found = {rules.path: (rules.compress is None, rules.secure is None) for rules in declared.routes}
    assert found == {"/": (False, False), "/a": (True, True)}


def test_two_routes_for_the_same_requests_are_refused() -> None:
    """Which of them counts would be a guess."""
    assert len(errors({"routes": [{"path": "/a"}, {"path": "/a"}]})) == 1
    assert len(errors({"routes": [{"path": "/a", "methods": ["GET", "PUT"]}, {"path": "/a", "methods": ["GET"]}]})) == 1
    declare({"routes": [{"path": "/a"}, {"path": "/a", "methods": ["GET"]}]})


@pytest.mark.parametrize("first", ["/", "/b", "b/"])
def test_two_routes_that_clash_are_told_by_their_places_in_the_file(first: str) -> None:
    """Whatever stands before them: the root itself, or a route that is wrong."""
    told = errors({"routes": [{"path": first}, {"path": "/a"}, {"path": "/a"}]})
    assert told[-1].endswith("(routes[2] and routes[3])")


@pytest.mark.parametrize("path", ["", "a", "/a/", "//", "/a//b", "/a/../b", "/a/.", "/ä", "/a%20b", "/a?b"])
def test_paths_are_decoded_and_plain(path: str) -> None:
    """A path that no request could have would protect nothing."""
    assert errors({"routes": [{"path": path}]})


@pytest.mark.parametrize(
    "raw",
    [
        {"routes": {}},
        {"defaults": []},
        {"resilience": 5},
        {"routes": [5]},
        {"resilience": {"users": 5}},
        {"entrance": []},
        {"entrance": {"limits": "6/1m per ip"}},
        {"entrance": {"authenticate": "none"}},
        {"routes": [{"path": "/a", "entrance": 5}]},
    ],
)
def test_wrong_kinds_are_told(raw: dict[str, object]) -> None:
    """Nothing that TOML can say makes more than an error."""
    assert errors(raw)


def test_all_tables_of_a_wrong_kind_are_told_with_everything_else() -> None:
    """One does not hide another, nor what is wrong beside it."""
    told = errors({"typo": 1, "defaults": 5, "routes": 7, "entrance": {"colour": "red"}})
    assert [error.partition(":")[0] for error in told] == ["typo", "defaults", "routes", "entrance.colour"]


@pytest.mark.parametrize("text", [b"[", b"\xff", b"routes = 1", b"a = " + b"[" * 5000, b"#" * (LARGEST + 1)])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: bytes) -> None:
    """Neither are files that are no TOML, or no text, or of which nobody sees the end; nor is one that is not there."""
    file = tmp_path / "gateway.toml"
    with pytest.raises(InvalidPolicies):
        read(file)
    file.write_bytes(text)
    with pytest.raises(InvalidPolicies):
        read(file)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Whoever named it may never write to it, and a worker would hang."""
    os.mkfifo(tmp_path / "gateway.toml")
    with pytest.raises(InvalidPolicies, match="no regular file"):
        read(tmp_path / "gateway.toml")


def test_the_limits_of_the_entrance_are_checked_with_everything_else() -> None:
    """All of what is wrong is told at once, with its place."""
    wrong = errors({"entrance": {"limits": ["6 per day", "1/1m per nobody"]}, "routes": [{"path": "a"}]})
    assert len(wrong) == 2
    assert wrong[0].startswith("entrance.limits: ")
    assert "6 per day" in wrong[0]
    assert "nobody" in wrong[0]
    assert declare({"entrance": {"limits": ["6/1m per ip"]}}).entrance.limits[0].count == 6
