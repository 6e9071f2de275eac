"""CORS: which pages of other origins may read what, and what a preflight is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from facade.responses.cors import Cors, CorsStage
from tests.unit.facade.responses.asked import Asked, asked, reply

SHOP = {"origins": ["https://shop.example.org", "https://*.example.com"], "credentials": True, "methods": ["GET", "PUT"],
        "headers": ["Authorization", "X-A"], "expose": ["ETag"], "max_age": 60}  # fmt: skip


def stage(**declared: object) -> CorsStage:
    return CorsStage(Cors.model_validate(declared))


def told(request: Asked) -> dict[bytes, bytes]:
    return dict(line.split(b": ", 1) for line in b"".join(request.told).splitlines())


def simple(origin: str, **declared: object) -> dict[bytes, bytes]:
    request = asked(origin=origin) if origin else asked()
    assert stage(**(declared or SHOP)).before(request) is None
    assert request.reply is None
    return told(request)


def preflight(origin: str, method: str, headers: str = "", **declared: object) -> dict[bytes, bytes]:
    fields = {"origin": origin, "access_control_request_method": method}
    if headers:
        fields["access_control_request_headers"] = headers
    request = asked("OPTIONS", **fields)
    stage(**(declared or SHOP)).before(request)
    assert request.reply is not None
    assert request.reply.status == 204
    return told(request)


def test_allowed_origin_may_read() -> None:
    """It is named, not `*`, and caches are told that the answer depends on it."""
    assert simple("https://shop.example.org") == {
        b"vary": b"Origin", b"access-control-allow-origin": b"https://shop.example.org",
        b"access-control-allow-credentials": b"true", b"access-control-expose-headers": b"ETag",
    }  # fmt: skip


@pytest.mark.parametrize("origin", ["https://a.example.com", "https://a.b-c.example.com"])
def test_subdomains(origin: str) -> None:
    """At any depth."""
    assert simple(origin)[b"access-control-allow-origin"] == origin.encode()


@pytest.mark.parametrize(
    "origin",
    [
        "", "null", "https://example.com", "http://a.example.com", "https://a.example.com:8443", "https://a.example.com.evil.org",
        "https://evilexample.com", "https://.example.com", "https://evil.org/.example.com", "https://evil.org#.example.com",
        "https://user@a.example.com", "https://shop.example.org.", "https://SHOP.example.org", "*", "https://a..example.com",
    ],
)  # fmt: skip
def test_other_origins_learn_nothing(origin: str) -> None:
    """Look-alikes too; but caches are told that another origin might have been answered otherwise."""
    assert simple(origin) == {b"vary": b"Origin"}


@given(st.text("abc.-:/@#?*", max_size=20))
def test_only_labels_stand_for_the_star(middle: str) -> None:
    """Nothing between scheme and domain but a host's labels makes an origin allowed."""
    allowed = b"access-control-allow-origin" in simple(f"https://{middle}.example.com")
    assert allowed == all(label and set(label) <= set("abc-") for label in middle.split("."))


def test_everybody_is_told_so_without_vary() -> None:
    """`*` does not depend on the origin."""
    assert simple("https://x.org", origins=["*"]) == {b"access-control-allow-origin": b"*"}
    assert simple("null", origins=["*"]) == {b"access-control-allow-origin": b"*"}


def test_preflight_is_answered_here() -> None:
    """Methods, headers and how long the browser may remember it."""
    found = preflight("https://shop.example.org", "PUT", "x-a, authorization")
    assert found[b"access-control-allow-methods"] == b"GET, PUT"
    assert found[b"access-control-allow-headers"] == b"Authorization, X-A"
    assert (found[b"access-control-max-age"], found[b"access-control-allow-credentials"]) == (b"60", b"true")
    assert found[b"vary"] == b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [("https://evil.org", "GET", ""), ("https://shop.example.org", "DELETE", ""), ("https://shop.example.org", "get", ""),
     ("https://shop.example.org", "GET", "x-a, x-b")],
)  # fmt: skip
def test_preflight_refused(origin: str, method: str, headers: str) -> None:
    """An answer without a permission: the browser does not send the request."""
    assert set(preflight(origin, method, headers)) == {b"vary"}


def test_options_without_a_preflight_goes_on() -> None:
    """It is the upstream's own."""
    request = asked("OPTIONS", origin="https://shop.example.org")
    stage(**SHOP).before(request)
    assert request.reply is None


def test_upstream_has_no_say() -> None:
    """What it says of origins is taken out, and nothing else is."""
    given_ = reply(200, b"", access_control_allow_origin="*", etag='"a"', access_control_max_age="9")
    stage(**SHOP).after(asked(), given_)
    assert given_.fields == [(b"etag", b'"a"')]


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        ({"origins": ["*"], "credentials": True}, "any page act as the user"),
        ({"origins": []}, "at least 1"),
        ({"origins": ["shop.example.org", "https://*.org", "https://a.b/", "null"]}, "https://a.b/"),
        ({"origins": ["*"], "headers": ["x a", "*"]}, "x a"),
        ({"origins": ["*"], "max_age": -1}, "max_age"),
        ({"origins": ["*"], "origin": "x"}, "origin"),
    ],
)
def test_refused_declarations(declared: dict[str, object], named: str) -> None:
    """At load, and all at once."""
    with pytest.raises(ValidationError) as refused:
        Cors.model_validate(declared)
    assert named in str(refused.value)
    if "null" in declared["origins"]:  # type: ignore[operator]
        assert {0, 1, 2, 3} <= {error["loc"][-1] for error in refused.value.errors()}


def test_explain() -> None:
    """What the browser will make of it."""
    found = stage(**SHOP)
    assert "may read" in found.explain(asked(origin="https://shop.example.org"))
    assert "not among" in found.explain(asked(origin="https://evil.org"))
    wish = asked("OPTIONS", origin="https://shop.example.org", access_control_request_method="DELETE")
    assert "refused" in found.explain(wish)
    assert not wish.told
