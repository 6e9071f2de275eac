"""Security headers: all of them by default, none against the upstream's word."""

import pytest
from pydantic import ValidationError

from facade.responses.contract import Reply
from facade.responses.secure import Secure, SecureStage
from tests.unit.facade.responses.asked import asked, reply

ALL = {
    b"x-content-type-options", b"content-security-policy", b"x-frame-options", b"referrer-policy", b"permissions-policy",
    b"cross-origin-opener-policy", b"cross-origin-resource-policy", b"strict-transport-security",
}  # fmt: skip


def told(given: Reply, scheme: bytes = b"https", **declared: object) -> dict[bytes, bytes]:
    request = asked()
    request.scheme = scheme
    SecureStage(Secure.model_validate(declared)).after(request, given)
    return dict(line.split(b": ", 1) for line in b"".join(request.told).splitlines())


def test_defaults_are_for_an_api() -> None:
    """Nothing may be framed, run or sniffed."""
    found = told(reply(200, b"", content_type="application/json"))
    assert set(found) == ALL
    assert found[b"x-content-type-options"] == b"nosniff"
    assert b"frame-ancestors 'none'" in found[b"content-security-policy"]
    assert found[b"strict-transport-security"] == b"max-age=31536000"


def test_no_hsts_over_http() -> None:
    """A browser would ignore it, and should."""
    assert set(told(reply(), b"http")) == ALL - {b"strict-transport-security"}


@pytest.mark.parametrize("name", sorted(ALL))
def test_upstream_is_not_overruled(name: bytes) -> None:
    """Each field that it sets is its own; the others are added all the same."""
    given = Reply(200, [(b"etag", b'"a"'), (name, b"its own")], b"")
    assert set(told(given)) == ALL - {name}
    assert given.fields == [(b"etag", b'"a"'), (name, b"its own")]


def test_a_304_gets_none() -> None:
    """They would replace those of the page that the browser holds, such as a policy of its own. What it says itself stays."""
    assert told(reply(304, b"", etag='"a"')) == {}
    given = reply(304, b"", content_security_policy="default-src 'self'")
    assert told(given) == {}
    assert given.fields == [(b"content-security-policy", b"default-src 'self'")]


def test_fields_can_be_left_out_and_preload_is_told() -> None:
    """An empty text leaves a field out."""
    found = told(reply(), content_security_policy="", opener_policy="", hsts_subdomains=True, hsts_preload=True)
    assert set(found) == ALL - {b"content-security-policy", b"cross-origin-opener-policy"}
    assert found[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains; preload"
    assert b"strict-transport-security" not in told(reply(), hsts=0)


@pytest.mark.parametrize(
    "declared",
    [{"referrer_policy": "a\r\nset-cookie: b"}, {"referrer_policy": " a"}, {"frame_options": "ALLOW"}, {"hsts": -1},
     {"hsts_preload": True}, {"csp": ""}],
)  # fmt: skip
def test_refused_declarations(declared: dict[str, object]) -> None:
    """A value that could end its line, and what browsers would not take."""
    with pytest.raises(ValidationError):
        Secure.model_validate(declared)
