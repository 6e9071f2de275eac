"""What answers a read when its upstream does not, as it is declared."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from facade.pipeline.declared import InvalidPolicies, RouteRules, declare
from facade.pipeline.fallback import FallbackStage, Source, Static
from facade.request import Request
from tests.unit.facade.responses.asked import asked


def route(fallback: Any, **more: Any) -> RouteRules:
    declared = declare({"routes": [{"path": "/a", "fallback": fallback, **more}]})
    return next(rules for rules in declared.routes if rules.path == "/a")


def stage(*fallback: Any, texts: Mapping[Path, str] | None = None) -> FallbackStage:
    rules = route(list(fallback), cache=True)
    assert rules.fallback is not None
    return FallbackStage(rules.fallback, texts or {})


def request(method: str = "GET") -> Request:
    made: Any = asked(method)
    return cast("Request", made)


def test_what_is_declared_is_read() -> None:
    """Nothing declared is the mirror and the cache, as before; an empty list, or `false`, is nothing at all."""
    assert declare({}).routes[0].fallback is None
    assert declare({}).routes[0].cache_rescues
    assert route([]).fallback == route(False).fallback == ()
    found = route(["monolith", "cache", {"body": "later"}], cache=True).fallback
    assert found == (Source.MONOLITH, Source.CACHE, Static(body="later"))
    inherited = declare({"defaults": {"fallback": ["monolith", "cache"]}, "routes": [{"path": "/a"}]})
    assert all(rules.fallback == (Source.MONOLITH, Source.CACHE) for rules in inherited.routes)


@pytest.mark.parametrize(
    ("fallback", "why"),
    [
        ("monolith", "is no list"),
        (["cache", "monolith"], "in this order"),
        ([{"body": "x"}, "monolith"], "in this order"),
        (["monolith", "monolith"], "each once"),
        (["service"], "in this order"),
        ([{"body": "x"}, {"body": "y"}], "more than one static answer"),
        ([{"body": "x", "file": __file__}], "a body and a file"),
        ([{"file": 5}], "not a valid path"),
        ([{"status": 204, "file": "x"}], "cannot stand"),
        ([{"status": 304}], "cannot stand"),
        ([{"status": 204, "body": "x"}], "cannot stand"),
        ([{"status": 99}], "greater than"),
        ([{"text": "x"}], "Extra inputs"),
        ([5], "valid dictionary"),
        ([{"headers": {"connection": "close"}}], "the gateway's own"),
        ([{"headers": {"x-a": "a\r\nb: c"}}], "cannot be the value"),
        (["cache"], "the route has none"),
    ],
)
def test_what_would_not_do_what_it_says_is_refused(fallback: Any, why: str) -> None:
    """A fallback is needed on the worst day; its mistakes are told on the first."""
    with pytest.raises(InvalidPolicies) as refused:
        route(fallback)
    assert why in str(refused.value)
    assert str(refused.value).startswith("routes[1] (/a).fallback")


def test_a_static_answer_stands_in_for_a_failed_read() -> None:
    """It says of itself that it does, and is not to be kept, whatever else it says."""
    made = stage("monolith", {"status": 200, "headers": {"X-A": "b", "content-type": "application/json"}, "body": "[]"})
    for method in ("GET", "HEAD"):
        given = made.rescue(request(method), 503)
        assert given is not None
        assert (given.status, given.body) == (200, b"[]")
        assert given.get(b"date")
        assert given.fields[:-1] == [
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-cache"),
            (b"x-a", b"b"),
            (b"cache-status", b"banyan; fwd=bypass; detail=static-fallback"),
        ]
        given.fields.clear()  # a stage further out may change it: the next one is whole again


@pytest.mark.parametrize(("method", "status"), [("POST", 503), ("DELETE", 500), ("GET", 404), ("GET", 413), ("GET", 501)])
def test_it_stands_in_for_nothing_else(method: str, status: int) -> None:
    """A write's client must be told what happened; and an answer that is none of a failure is an answer."""
    assert stage({"body": "x"}).rescue(request(method), status) is None


def test_a_file_is_an_answer_of_its_kind() -> None:
    """As its name says; it was read with the policies, and an answer without a body has no kind."""
    file = Path("/there/sorry.html")
    given = stage({"status": 503, "file": str(file)}, texts={file: "<p>Sorry"}).rescue(request(), 502)
    assert given is not None
    assert (given.get(b"content-type"), given.body) == (b"text/html", b"<p>Sorry")
    bare = stage({"status": 503, "headers": {"retry-after": "60"}}).rescue(request(), 502)
    assert bare is not None
    assert (bare.get(b"content-type"), bare.body, bare.get(b"retry-after")) == (b"", b"", b"60")


def test_the_mirror_is_asked_only_where_it_is_named() -> None:
    """The exchange is told so before it begins."""
    for names, mirror in ((["monolith"], True), ([], False), ([{"body": "x"}], False)):
        one: Any = asked()
        stage(*names).before(one)
        assert one.mirror is mirror


def test_explain_tells_the_order() -> None:
    """And that a write is left to its client."""
    made = stage("monolith", "cache", {"body": "later"})
    assert made.explain(request()) == (
        "where the upstream has no answer: the monolith while it mirrors the context, "
        "then what the cache has kept, by its terms, then the static answer 200 of 5 bytes"
    )
    assert stage().explain(request()).endswith("nothing")
    assert made.explain(request("POST")).startswith("nothing: POST may have been carried out")
