"""Every case of the corpus, sent raw to a running facade: one reading of each request, no forged claim, a defined answer.

Without policies it is sent in one piece and byte by byte; with those that are shipped, and as Python, in one piece.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.integration.facade.entrance import Entrance
from tests.integration.facade.safety.conftest import Gauges
from tests.integration.facade.safety.corpus import CASES
from tests.integration.facade.safety.corpus.case import FORGED, Case, head
from tests.integration.facade.safety.wire import Said, Wire
from tests.integration.facade.scripted import Received

if TYPE_CHECKING:
    from tests.integration.facade.conftest import TestValkey

_ONCE = ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-request-id", "traceparent")
_AT_MOST_ONCE = ("content-length", "transfer-encoding", "authorization", "idempotency-key")
_NEVER = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "x-real-ip", "http2-settings")
_AFTER = head(b"GET /after HTTP/1.1", b"Connection: close")


_CHECKED = "/readyz"
"""What the policies that are shipped have upstreams asked for, beside the cases; no case asks for it."""

AS_SHIPPED = {"FACADE_POLICIES": ""}
VARIANTS = {"bare": {}, "shipped": AS_SHIPPED, "shipped-python": {**AS_SHIPPED, "FACADE_NATIVE": "no"}}


@pytest.fixture(scope="module")
def facade(quiet: Callable[..., Entrance]) -> Entrance:
    return quiet()


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request: pytest.FixtureRequest, quiet: Callable[..., Entrance], own_valkey: "TestValkey") -> Entrance:
    """The facade of each kind; with the policies that are shipped it counts in Valkey."""
    own = VARIANTS[request.param]
    entrance = quiet(**own, VALKEY_URL=own_valkey.url) if own else quiet()
    assert (entrance.ask("GET", "/api/v1/users/me").status == 401) == bool(own), "other policies are in force"
    assert not ("FACADE_NATIVE" in own and Gauges(entrance)("compiled")), "it does not run as Python"
    return entrance


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, variant: Entrance) -> None:
    """What comes back, what goes on, and that the connection is then in step, or closed."""
    _play(case, variant, [case.sent])


@pytest.mark.parametrize("case", [case for case in CASES if len(case.sent) < 600], ids=lambda case: case.name)
def test_case_in_drips(case: Case, facade: Entrance) -> None:
    """Byte by byte, each case has the same outcome as in one piece."""
    _play(case, facade, [bytes([byte]) for byte in case.sent])


def _play(case: Case, facade: Entrance, pieces: list[bytes]) -> None:
    facade.monolith.received.clear()
    with Wire(facade.port) as wire:
        for piece in pieces:
            wire.send(piece)
        said = wire.answers(len(case.answers), [what.partition(" ")[0] for what in case.reaches] or _methods(case.sent))
        assert [one.status for one in said] == list(case.answers)
        received = _reached(facade)
        assert [f"{request.method} {request.target}" for request in received] == list(case.reaches)
        if case.open:
            wire.send(_AFTER)
            after = wire.answers(1)
            assert [one.status for one in after] == [200], "the connection is out of step"
            assert _reached(facade)[-1].target == "/after"
        assert wire.rest() == b"", "there is more than was asked for"
    for one in said:
        _is_defined(one)
    for request in received:
        _is_honest(request)
    with Wire(facade.port) as wire:
        wire.send(_AFTER)
        assert [one.status for one in wire.answers(1)] == [200]


def test_the_corpus_left_nothing_behind(facade: Entrance) -> None:
    """After all of it, in one piece and in drips, no exchange is under way, and no connection to an upstream is held."""
    Gauges(facade).settle()
    facade.monolith.received.clear()
    assert facade.ask("GET", "/plain").status == 200
    assert [request.target for request in facade.monolith.received] == ["/plain"]


def test_the_corpus_is_as_large_as_it_claims() -> None:
    """At least two hundred cases, each with a name of its own, and with bytes that no other case sends."""
    assert len({case.name for case in CASES}) == len(CASES) >= 200
    assert len({case.sent for case in CASES}) == len(CASES)


def _reached(facade: Entrance) -> list[Received]:
    """What the upstream received because of the case."""
    return [request for request in facade.monolith.received if request.target != _CHECKED]


def _methods(sent: bytes) -> list[str]:
    return [sent[:12].partition(b" ")[0].decode("latin-1")]


def _is_defined(said: Said) -> None:
    """An answer of the facade's own is a problem document that says the same as the status line."""
    assert not [name for name in said.headers if name.startswith("banyan")]
    if said.status < 400 or not said.body:
        return
    assert said.headers["content-type"] == "application/problem+json"
    document = json.loads(said.body)
    assert document["status"] == said.status
    assert document["type"].startswith("urn:banyan:problem:")
    assert document["title"]
    assert document["detail"]


def _is_honest(request: Received) -> None:
    """No claim of the client's about itself went on, and what the facade says of it was said once."""
    names = [name.lower() for name, _ in request.headers]
    for name, value in request.headers:
        assert FORGED.decode() not in value, f"{name} was forged"
        assert "_" not in name
    for name in _ONCE:
        assert names.count(name) == 1, f"{name} came {names.count(name)} times"
    for name in _AT_MOST_ONCE:
        assert names.count(name) <= 1
    assert not set(names) & set(_NEVER) - ({"connection"} if request.header("upgrade") == "websocket" else set())
    assert request.header("x-forwarded-for") == "127.0.0.1"
    assert (request.header("forwarded") or "").startswith("for=127.0.0.1;proto=http;host=")
    assert not ("content-length" in names and "transfer-encoding" in names)
