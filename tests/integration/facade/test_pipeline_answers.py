"""What the pipeline does with answers and bodies, on running facades."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from chassis.callers.tokens import InvalidCaller, Verifier
from chassis.tags import CHANNEL
from tests.integration.facade.entrance import QUICK, Reply, until
from tests.integration.facade.gateways import PAGE, Gateway, counts_together
from tests.integration.facade.scripted import Received, answer, json_answer


def test_answers_are_kept_until_they_are_purged(gateway: Gateway) -> None:
    """One fetch each; conditions and codings are answered from what is kept; a word in Valkey makes it go everywhere."""
    numbers = count(1)

    def page(request: Received) -> bytes:
        kept = {"Cache_Control": "max-age=600", "ETag": f'"{next(numbers)}"', "Surrogate_Key": "figs"}
        return answer(PAGE, Content_Type="text/plain", **kept)

    received = gateway.told(page)
    first = [facade.ask("GET", "/kept/a") for facade in gateway.facades]
    assert ["stored" in (reply.header("cache-status") or "") for reply in first] == [True, True]
    assert [reply.header("surrogate-key") for reply in first] == [None, None]
    again = gateway.ask("GET", "/kept/a")
    assert (again.header("etag"), again.body, "; hit" in (again.header("cache-status") or "")) == ('"1"', PAGE, True)
    unchanged = gateway.ask("GET", "/kept/a", If_None_Match='"1"')
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert gzip.decompress(gateway.ask("GET", "/kept/a", Accept_Encoding="gzip").body) == PAGE
    assert len(received) == 2
    gateway.valkey.ask("PUBLISH", CHANNEL, json.dumps({"tags": ["figs"]}))
    for facade, old in zip(gateway.facades, ('"1"', '"2"'), strict=True):
        until(lambda facade=facade, old=old: facade.ask("GET", "/kept/a").header("etag") not in (None, old))  # type: ignore[misc]
    assert len(received) == 4


def test_nothing_is_kept_over_an_absence_of_valkey(gateway: Gateway) -> None:
    """Nobody knows what was purged meanwhile, so once it is back everything is asked anew, at either facade."""
    numbers = count(1)
    gateway.told(lambda request: answer(b"%d" % next(numbers), Cache_Control="max-age=600"))
    kept = [facade.ask("GET", "/kept/absence").body for facade in gateway.facades]
    assert [facade.ask("GET", "/kept/absence").body for facade in gateway.facades] == kept
    gateway.valkey.stop()
    assert [facade.ask("GET", "/kept/absence").body for facade in gateway.facades] == kept
    gateway.valkey.start()
    for facade, old in zip(gateway.facades, kept, strict=True):
        until(lambda facade=facade, old=old: facade.ask("GET", "/kept/absence").body != old)  # type: ignore[misc]
    for number, facade in enumerate(gateway.facades):
        until(lambda facade=facade, number=number: counts_together(gateway, facade, number))  # type: ignore[misc]


@pytest.mark.parametrize(("size", "asked"), [(700_000, 1), ((1 << 20) + 1, 2)])
def test_as_much_is_kept_as_is_declared(gateway: Gateway, size: int, asked: int) -> None:
    """A large answer too, which arrives in many pieces; one that is larger than that passes whole, and is not kept."""
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    received = gateway.told(lambda request: answer(body, Cache_Control="max-age=600"))
    assert [gateway.ask("GET", f"/kept/{size}").body == body for _ in range(2)] == [True, True]
    assert len(received) == asked


def test_nobody_spoils_what_is_kept_for_others(gateway: Gateway) -> None:
    """Who has a header stopped at the entrance gets, and leaves behind, the answer of those who send none."""

    def speak(request: Received) -> bytes:
        language = request.header("accept-language") or "none"
        return answer(language.encode(), Cache_Control="max-age=600", Vary="Accept-Language")

    gateway.told(speak)
    assert gateway.ask("GET", "/kept/spoilt", Accept_Language="de", Connection="accept-language").body == b"none"
    assert gateway.ask("GET", "/kept/spoilt", Accept_Language="de").body == b"de"


def test_a_write_through_one_facade_is_seen_through_the_other(gateway: Gateway) -> None:
    """What is kept of a path that was written to is history for all who share Valkey."""
    state = Counter(version=1)

    def script(request: Received) -> bytes:
        state["version"] += request.method == "PUT"
        return answer(b"%d" % state["version"], Cache_Control="max-age=600")

    gateway.told(script)
    one, other = gateway.facades
    assert [facade.ask("GET", "/kept/b").body for facade in gateway.facades] == [b"1", b"1"]
    assert other.ask("PUT", "/kept/b", b"{}").status == 200
    assert other.ask("GET", "/kept/b").body == b"2"
    until(lambda: one.ask("GET", "/kept/b").body == b"2")


def test_browsers_are_told_what_an_answer_is_not_for(gateway: Gateway) -> None:
    """On answers of upstreams, which keep what they say themselves, and on refusals."""
    gateway.told(lambda request: answer(X_Frame_Options="SAMEORIGIN"))
    reply, problem = gateway.ask("GET", "/x"), gateway.ask("GET", "/partner")
    assert (reply.status, problem.status) == (200, 401)
    for each, framed in ((reply, "SAMEORIGIN"), (problem, "DENY")):
        assert each.header("x-content-type-options") == "nosniff"
        assert [value for name, value in each.headers if name.lower() == "x-frame-options"] == [framed]
        assert each.header("strict-transport-security") is None, "only over https"


@pytest.mark.parametrize("path", ["/text/page", "/kept/page"])
def test_head_and_304_agree_with_get(gateway: Gateway, path: str) -> None:
    """Of a compressed page, as it is passed on and as it is kept: the same tag, the same variants, no other length."""

    def page(request: Received) -> bytes:
        told = {"Content_Type": "text/html", "ETag": '"1"', "Cache_Control": "max-age=600"}
        if request.header("if-none-match"):
            return answer(b"", "304 Not Modified", ETag='"1"')
        whole = answer(PAGE, **told)
        return whole.removesuffix(PAGE) if request.method == "HEAD" else whole

    gateway.told(page)
    get = gateway.ask("GET", path, Accept_Encoding="gzip")
    head = gateway.ask("HEAD", path, Accept_Encoding="gzip")
    unmodified = gateway.ask("GET", path, Accept_Encoding="gzip", If_None_Match=get.header("etag") or "")
    assert (get.status, head.status, unmodified.status) == (200, 200, 304)
    for each in (get, head, unmodified):
        assert (each.header("etag"), each.header("vary")) == ('W/"1"', "Accept-Encoding")
        assert each.header("content-length") in (None, str(len(get.body)))
        assert each.header("date")
    assert head.header("content-encoding") == "gzip"
    assert unmodified.header("content-security-policy") is None, "it would replace that of the page"


def test_every_answer_has_one_date(gateway: Gateway) -> None:
    """The upstream's own; that of its coming where it sends none, also while it is kept; and that of what is answered here."""

    def dates(reply: Reply) -> list[str]:
        return [value for name, value in reply.headers if name.lower() == "date"]

    gateway.told(lambda request: answer(Date="then"))
    assert dates(gateway.ask("GET", "/x")) == ["then"]
    gateway.told(lambda request: answer(Cache_Control="max-age=600"))
    first, again = (gateway.ask("GET", "/kept/date") for _ in range(2))
    assert "; hit" in (again.header("cache-status") or "")
    assert len(dates(first)) == 1
    assert dates(first) == dates(again)
    asks = {"Origin": "https://a.banyan.example", "Access_Control_Request_Method": "PUT"}
    for reply in (
        gateway.ask("GET", "/x"), gateway.ask("GET", "/partner"), gateway.ask("OPTIONS", "/shared", **asks),
        gateway.ask("GET", "/readyz"), gateway.facades[0].tell("/healthz"), gateway.ask("GET", "/%2f"),
    ):  # fmt: skip
        assert len(dates(reply)) == 1


def test_a_refused_method_is_told_which_are_not(gateway: Gateway) -> None:
    """RFC 9110, 15.5.6: at the entrance and at the admin port."""
    for method in ("TRACE", "CONNECT"):
        reply = gateway.ask(method, "/x")
        assert (reply.status, reply.header("allow")) == (405, "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE")
    reply = gateway.facades[0].tell("/status", "DELETE")
    assert (reply.status, reply.header("allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("told", [True, False])
def test_a_body_has_a_limit_also_when_it_does_not_tell_its_length(gateway: Gateway, *, told: bool) -> None:
    """413, and no upstream takes it for a whole request."""
    received = gateway.told(lambda request: answer())
    assert send(gateway, b"x" * 1000, told=told).startswith(b"HTTP/1.1 200 ")
    assert received[-1].body == b"x" * 1000
    assert send(gateway, b"x" * 1001, told=told).startswith(b"HTTP/1.1 413 ")
    assert len(received) == 1


def send(gateway: Gateway, body: bytes, *, told: bool) -> bytes:
    """What comes back for a POST, with or without its length."""
    framing = b"Content-Length: %d" % len(body) if told else b"Transfer-Encoding: chunked"
    content = body if told else b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = b"POST /small HTTP/1.1\r\nHost: facade\r\nConnection: close\r\n%b\r\n\r\n" % framing
    return gateway.facades[0].raw(head + content)


def test_requests_are_held_to_the_contract(gateway: Gateway) -> None:
    """The users service's own document: what it does not describe is refused with all that is wrong, and never the values."""
    received = gateway.told(lambda request: answer())

    def login(body: dict[str, Any], kind: str = "application/json") -> Reply:
        return gateway.ask("POST", "/api/v1/users/login", json.dumps(body).encode(), Content_Type=kind)

    good = {"email": "fig@banyan.example", "password": "aerial roots"}
    assert login(good).status == 200
    assert json.loads(received[-1].body) == good
    wrong = login({"email": 7, "password": "aerial roots" * 20})
    assert wrong.status == 422
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/email", "/password"}
    assert b"aerial" not in wrong.body
    assert login({"email": "fig@banyan.example"}).status == 422
    assert login(good, "text/plain").status == 415
    assert gateway.ask("DELETE", "/api/v1/users/login").status == 405
    assert gateway.ask("GET", "/api/v1/users/nobody").status == 404
    assert len(received) == 1


def test_requests_and_answers_are_transformed(gateway: Gateway) -> None:
    """Path, query and header on the way there; header and members of the body on the way back."""
    document = {"nr": 7, "secret": "s", "lines": [{"sku": "a", "cost": 1}, {"sku": "b", "cost": 2}]}
    received = gateway.told(lambda request: json_answer(document, X_Powered_By="figs"))
    reply = gateway.ask("GET", "/old/orders?page=2&shape=long", X_Debug="1")
    assert reply.json() == {"number": 7, "lines": [{"sku": "a"}, {"sku": "b"}]}
    assert reply.header("x-powered-by") is None
    (request,) = received
    assert request.target == "/new/orders?page=2&shape=short"
    assert (request.header("x-debug"), request.header("x-entrance")) == (None, "banyan")


def test_upstreams_can_tell_that_the_facade_asks(gateway: Gateway) -> None:
    """Each request carries a token that its audience accepts once; what clients claim to be does not pass."""
    received = gateway.told(lambda request: answer())
    for _ in range(2):
        assert gateway.ask("GET", "/x", Banyan_Caller="v1.facade.monolith.1.a.b", Banyan_Read="replica").status == 200
    accepts: Callable[[str], Any] = Verifier(QUICK["BANYAN_INTERNAL_TOKEN"], "monolith").verify
    for request in received:
        (token,) = [value for name, value in request.headers if name.lower() == "banyan-caller"]
        assert accepts(token).issuer == "facade"
        with pytest.raises(InvalidCaller):
            accepts(token)
        with pytest.raises(InvalidCaller):
            Verifier(QUICK["BANYAN_INTERNAL_TOKEN"], "users").verify(token)
        assert request.header("banyan-read") is None


def test_a_stale_answer_is_renewed_as_by_the_facade_itself(gateway: Gateway) -> None:
    """Nobody waits for the renewal, and upstreams that answer the platform's own processes only answer it."""

    def stale(request: Received) -> bytes:
        return answer(b"figs", Cache_Control="max-age=0, stale-while-revalidate=60")

    received = gateway.told(stale)
    gateway.ask("GET", "/kept/stale")
    assert gateway.ask("GET", "/kept/stale").body == b"figs"
    until(lambda: len(received) >= 2)
    verifier = Verifier(QUICK["BANYAN_INTERNAL_TOKEN"], "monolith")
    assert {verifier.verify(request.header("banyan-caller") or "").issuer for request in received} == {"facade"}
