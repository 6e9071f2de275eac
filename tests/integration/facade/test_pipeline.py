"""What the pipeline demands of requests, on running facades."""

import gzip

import pytest

from chassis.callers import apikey
from tests.integration.facade.entrance import until
from tests.integration.facade.gateways import AGAIN, ALONE, LIMIT, PAGE, Gateway, counts_together, flood, statuses
from tests.integration.facade.scripted import answer


def test_two_facades_share_a_limit(gateway: Gateway) -> None:
    """Together they never let more pass than declared, whatever they lease ahead, and nearly as many; the rest is told when to
    come back.
    """
    received = gateway.told(lambda request: answer())
    replies = [reply for some in flood(gateway.facades, "/limited", LIMIT) for reply in some]
    passed = statuses(replies)
    assert passed.keys() == {200, 429}
    assert LIMIT - 4 <= passed[200] <= LIMIT
    assert len(received) == passed[200], "what was refused was not passed on"
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.header("ratelimit-policy") == f'"ip-1h";q={LIMIT};w=3600'
    assert (refused.header("ratelimit") or "").startswith('"ip-1h";r=0;t=')
    assert 1 <= int(refused.header("retry-after") or 0) <= 3600
    assert refused.json()["type"] == "urn:banyan:problem:too-many-requests"
    admitted = next(reply for reply in replies if reply.status == 200)
    assert (admitted.header("ratelimit") or "").startswith('"ip-1h";r=')


def test_without_valkey_each_counts_its_share_and_with_it_they_count_together_again(gateway: Gateway) -> None:
    """Valkey is killed and comes back empty; no request waits for it, none fails."""
    gateway.valkey.stop()
    try:
        for replies in flood(gateway.facades, "/alone", ALONE):
            assert statuses(replies) == {200: ALONE // 2, 429: ALONE - ALONE // 2}
    finally:
        gateway.valkey.start()
    for number, facade in enumerate(gateway.facades):
        until(lambda facade=facade, number=number: counts_together(gateway, facade, number))  # type: ignore[misc]
    (first,) = flood(gateway.facades[:1], "/again", AGAIN)
    assert statuses(first) == {200: AGAIN}, "alone it would have had half of them"
    assert gateway.facades[1].ask("GET", "/again").status == 429


def test_an_api_key_opens_what_its_scopes_name_until_it_is_revoked(gateway: Gateway) -> None:
    """The key is for the entrance alone: no upstream sees it, in either spelling."""
    key = apikey.fresh()
    gateway.publish(key, scopes=["orders:read"])
    received = gateway.told(lambda request: answer())
    for spelling in ({"Authorization": f"ApiKey {key.written}"}, {"X_Api_Key": key.written}):
        assert gateway.ask("GET", "/partner/orders", None, **spelling).status == 200
        assert (received[-1].header("authorization"), received[-1].header("x-api-key")) == (None, None)
    assert key.written not in str(received)
    lacking = gateway.ask("POST", "/partner/orders", b"{}", X_Api_Key=key.written)
    assert (lacking.status, lacking.json()["detail"]) == (403, "this needs the scope orders:write")
    other = apikey.fresh()
    assert gateway.ask("GET", "/partner/orders", X_Api_Key=f"{key.id}.{other.written.partition('.')[2]}").status == 401
    assert gateway.ask("GET", "/partner/orders").status == 401
    gateway.publish(other, scopes=["orders:read"])
    for facade in gateway.facades:
        assert facade.ask("GET", "/partner/orders", X_Api_Key=key.written).status == 401
        assert facade.ask("GET", "/partner/orders", X_Api_Key=other.written).status == 200
    assert len(received) == 4


def test_an_api_key_may_ask_as_often_as_its_own_limit_says(gateway: Gateway) -> None:
    """Over all routes and both facades together, in either spelling; another key has a limit of its own, which is told."""
    mine, other = apikey.fresh(), apikey.fresh()
    gateway.publish(mine, other, scopes=["orders:read"], limit={"requests": 6, "seconds": 3600})
    received = gateway.told(lambda request: answer())
    replies = [
        facade.ask("GET", path, X_Api_Key=mine.written)
        for _ in range(2)
        for facade in gateway.facades
        for path in ("/x", "/partner/orders")
    ]
    assert [reply.status for reply in replies] == [200] * 6 + [429] * 2
    assert replies[0].header("ratelimit-policy") == '"own-key-1h";q=6;w=3600'
    assert int(replies[-1].header("retry-after") or 0) > 1
    assert gateway.ask("GET", "/x", Authorization=f"ApiKey {mine.written}").status == 429
    assert gateway.ask("GET", "/x", X_Api_Key=other.written).status == 200
    assert gateway.ask("GET", "/x").status == 200, "who brings no key has none to count by"
    assert len(received) == 8


def test_a_header_has_a_limit(gateway: Gateway) -> None:
    """431 beyond what the route takes, and no upstream sees it."""
    received = gateway.told(lambda request: answer())
    assert gateway.ask("GET", "/small", X_Long="x" * 300).status == 200
    assert gateway.ask("GET", "/small", X_Long="x" * 500).status == 431
    assert gateway.ask("GET", "/x", X_Long="x" * 500).status == 200
    assert len(received) == 2


def test_preflights_are_answered_here(gateway: Gateway) -> None:
    """What is declared is allowed, what is not is not; and what the upstream says of origins does not count."""
    received = gateway.told(lambda request: answer(Access_Control_Allow_Origin="*"))
    wish = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "x-wish"}
    allowed = gateway.ask("OPTIONS", "/shared", None, Origin="https://shop.banyan.example", **wish)
    assert (allowed.status, allowed.header("access-control-allow-origin")) == (204, "https://shop.banyan.example")
    assert allowed.header("access-control-allow-methods") == "GET, PUT"
    stranger = gateway.ask("OPTIONS", "/shared", None, Origin="https://banyan.example.evil", **wish)
    assert stranger.header("access-control-allow-origin") is None
    assert received == []
    reply = gateway.ask("GET", "/shared", Origin="https://shop.banyan.example")
    origins = [value for name, value in reply.headers if name.lower() == "access-control-allow-origin"]
    assert (reply.status, origins) == (200, ["https://shop.banyan.example"])


@pytest.mark.parametrize("streamed", [False, True])
def test_texts_are_compressed_for_who_understands_it(gateway: Gateway, *, streamed: bool) -> None:
    """Whole or streamed; nobody else notices, and caches are told what it depends on."""
    whole = answer(PAGE, Content_Type="text/plain", ETag='"1"')
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (PAGE[:3000], PAGE[3000:])) + b"0\r\n\r\n"
    head = b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\n'
    gateway.told(lambda request: head + chunks if streamed else whole)
    small = gateway.ask("GET", "/text", Accept_Encoding="gzip")
    assert (small.header("content-encoding"), small.header("etag")) == ("gzip", 'W/"1"')
    assert gzip.decompress(small.body) == PAGE
    assert len(small.body) < len(PAGE) / 4
    plain = gateway.ask("GET", "/text")
    assert (plain.header("content-encoding"), plain.header("etag"), plain.body) == (None, '"1"', PAGE)
    assert "Accept-Encoding" in (small.header("vary") or "")
    assert "Accept-Encoding" in (plain.header("vary") or "")
