"""The table: which path is whose, and feeds that are refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.routes import ContextState, Feed, InvalidFeed, compile_table
from migrations_tools.phases import Owner, Phase
from migrations_tools.plan import Aggregate, ContextPlan, Route, Table

AGGREGATE = Aggregate("thing", Table("things"), to_service="a:b", to_legacy="a:b")


def plan(context: str, *prefixes: str) -> ContextPlan:
    return ContextPlan(context, tuple(Route(prefix) for prefix in prefixes), (AGGREGATE,), port="a:b", local="a:b", gateway="a:b")


TABLE = compile_table([plan("users", "/api/v1/users", "/u"), plan("cards", "/api/v1/users/cards")], Feed(), {})


@pytest.mark.parametrize(
    ("path", "context"),
    [
        ("/api/v1/users", "users"),
        ("/api/v1/users/", "users"),
        ("/api/v1/users/me", "users"),
        ("/api/v1/users/cards/1", "cards"),
        ("/api/v1/users/cardsharp", "users"),
        ("/u/x", "users"),
        ("/api/v1/users2", None),
        ("/API/v1/users", None),
        ("/ux", None),
        ("/", None),
        ("", None),
    ],
)
def test_longest_prefix_that_ends_at_a_slash(path: str, context: str | None) -> None:
    """The longest declared prefix wins; a prefix is whole segments."""
    found = TABLE.match(path)
    assert (found.context if found else None) == context


def test_no_plans_no_routes() -> None:
    """Without a plan everything is the monolith's."""
    assert compile_table([], Feed(), {}).match("/api/v1/users") is None


def test_unnamed_context_is_in_the_monolith() -> None:
    """A feed that does not know a context leaves it where it was born."""
    table = compile_table([plan("users", "/u")], Feed(4, {"other": ContextState(Phase.SERVICE)}), {})
    found = table.match("/u")
    assert found is not None
    assert (found.authority, found.mirrored, found.movable, found.fallback) == (Owner.MONOLITH, False, True, False)


GOOD: dict[str, Any] = {"phase": "canary", "epoch": 1, "read_percent": 5, "shadow_percent": 0, "services": []}


@pytest.mark.parametrize(
    "raw",
    [
        None, [], {}, {"version": 1}, {"version": "x", "contexts": {}}, {"version": 1, "contexts": 3},
        {"version": 1, "contexts": {"users": None}},
        *({"version": 1, "contexts": {"users": {k: v for k, v in GOOD.items() if k != gone}}} for gone in GOOD),
        *({"version": 1, "contexts": {"users": {**GOOD, **bad}}} for bad in (
            {"phase": "unheard-of"}, {"read_percent": 101}, {"read_percent": -1}, {"shadow_percent": "many"}, {"services": 4},
        )),
    ],
)  # fmt: skip
def test_broken_feed_is_refused_whole(raw: Any) -> None:
    """Half a table would route half a context."""
    with pytest.raises(InvalidFeed):
        Feed.parse(raw)


@given(st.sampled_from(list(Phase)), st.integers(0, 9), st.floats(0, 100), st.floats(0, 100))
def test_feed_is_read_as_it_is_written(phase: Phase, epoch: int, read: float, shadow: float) -> None:
    """Every phase and percentage of the contract arrives."""
    raw = {"phase": phase.value, "epoch": epoch, "read_percent": read, "shadow_percent": shadow, "services": ["http://a:1/"]}
    state = Feed.parse({"version": 7, "contexts": {"users": raw}}).contexts["users"]
    assert state == ContextState(phase, epoch, read, shadow, ("http://a:1",))
