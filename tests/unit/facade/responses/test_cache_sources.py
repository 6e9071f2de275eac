"""Who the answer comes from, and what it was made by: code, a replica, what stages send on instead of what the client sent."""

import asyncio

import pytest

from facade.responses.contract import Reply
from tests.unit.facade.responses.asked import Asked, asked, reply
from tests.unit.facade.responses.bench import Bench, status_of


def of_replica() -> Asked:
    request = asked()
    request.replica = True
    return request


def test_what_a_replica_says_is_said_to_one_reader() -> None:
    """Another's own write may not have arrived there; and nobody waits for what is not kept."""
    bench = Bench()
    assert b"stored" not in status_of(bench.now(of_replica(), reply(200, b"old", cache_control="max-age=60")))
    assert bench.now(asked(), reply(200, b"new", cache_control="max-age=60")).body == b"new"
    assert bench.now(asked()).body == b"new"


def test_a_replica_freshens_nothing() -> None:
    """That it has nothing newer tells its reader what to read, and others nothing."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="max-age=5", etag='"a"'))
    bench.time += 6
    assert bench.now(of_replica(), reply(304, b"", cache_control="max-age=50", etag='"a"')).body == b"one"
    assert bench.now(asked(), reply(200, b"two", cache_control="max-age=50")).body == b"two"


def test_what_code_answers_is_kept() -> None:
    """As an upstream's answer is, and with the same words; its tags are not for clients."""
    bench = Bench(code=True)
    first = bench.now(asked(), reply(200, b"one", cache_control="max-age=60", surrogate_key="figs"))
    assert (status_of(first), first.get(b"surrogate-key")) == (b"banyan; fwd=uri-miss; fwd-status=200; stored", b"")
    assert status_of(bench.now(asked())) == b"banyan; hit; ttl=60"
    assert bench.cache.purged(b'{"tags": ["figs"]}') == 1


def test_what_code_answered_is_renewed_by_code_alone() -> None:
    """No upstream has an answer for its path, so a stale one is not given while one is asked."""
    bench = Bench(code=True)
    stale = "max-age=5, stale-while-revalidate=60"
    bench.now(asked(), reply(200, b"one", cache_control=stale))
    bench.time += 6
    assert bench.stage.explain(asked()) == "ask: kept for 6.0 s of 5 s"
    assert bench.now(asked(), reply(200, b"two", cache_control=stale)).body == b"two"
    assert not bench.again


def test_a_304_of_code_is_about_what_the_client_has() -> None:
    """Code sees the client's condition, an upstream that of the cache: what is kept may be another answer."""
    bench = Bench(code=True)
    bench.now(asked(), reply(200, b"one", cache_control="max-age=5", etag='"a"'))
    bench.time += 6
    given = bench.now(asked(if_none_match='"b"'), reply(304, b"", cache_control="max-age=60", etag='"b"'))
    assert (given.status, given.body) == (304, b"")
    assert bench.now(asked(), reply(200, b"two", cache_control="max-age=60")).body == b"two"


def speaking(language: str) -> Asked:
    """From a client that wants nothing, and for which a stage asks in this language."""
    request = asked(accept_language="fr")
    request.passed = b"accept-language: %b\r\n" % language.encode()
    return request


def test_answers_vary_by_what_is_sent_on() -> None:
    """Two routes that lead to one place, and write a field that chooses the answer, get their own answers."""
    bench = Bench()
    for language in ("de", "en"):
        given = reply(200, language.encode(), cache_control="max-age=60", vary="accept-language")
        assert bench.now(speaking(language), given).body == language.encode()
    assert [bench.now(speaking(language)).body for language in ("de", "en")] == [b"de", b"en"]
    added = asked()
    added.extra.append(b"accept-language: de\r\n")
    assert bench.now(added).body == b"de"


def test_a_refetched_variant_takes_its_own_place() -> None:
    """What is renewed behind a reader's back is kept for who is asked for alike."""
    bench = Bench()
    fields = {"cache_control": "max-age=5, stale-while-revalidate=60", "vary": "accept-language", "etag": '"a"'}
    bench.renewed = reply(200, b"neu", **fields)

    async def run() -> Reply:
        await bench.ask(speaking("de"), reply(200, b"alt", **fields))
        bench.time += 6
        assert (await bench.ask(speaking("de"), reply(500))).body == b"alt"
        while bench.cache.flights:
            await asyncio.sleep(0)
        return await bench.ask(speaking("de"), reply(500))

    assert asyncio.run(run()).body == b"neu"
    assert len(bench.cache.store) == 1


@pytest.mark.parametrize(
    "field",
    [
        "*",
        "accept, *",
        "Forwarded",
        "X-Forwarded-For",
        "x-real-ip",
        "Banyan-Timeout",
        "x-request-id",
        "traceparent",
        "accept, tracestate",
    ],
)
def test_what_varies_by_who_is_vouched_for_is_not_kept(field: str) -> None:
    """The facade writes these fields itself, for each client others: they are in no key."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="max-age=60", vary=field))
    assert len(bench.cache.store) == 0
