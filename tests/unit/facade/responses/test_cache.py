"""The response cache: what it gives, what it asks, what it never gives."""

import asyncio

import pytest

from facade.problems import Problem
from facade.responses.contract import Reply
from tests.unit.facade.responses.asked import asked, reply
from tests.unit.facade.responses.bench import Bench, status_of


def test_fresh_answer_is_given_again_with_its_age() -> None:
    """A second request does not reach the upstream; a hit says how old it is and how long it lives."""
    bench = Bench()
    first = bench.now(asked(), reply(200, b"one", cache_control="max-age=60", age="10", content_length="3", x_request_id="r"))
    assert status_of(first) == b"banyan; fwd=uri-miss; fwd-status=200; stored"
    bench.time += 5
    second = bench.now(asked())
    assert (second.status, second.body, second.get(b"age")) == (200, b"one", b"15")
    assert status_of(second) == b"banyan; hit; ttl=45"
    assert not second.get(b"content-length")
    assert not second.get(b"x-request-id")
    assert bench.now(asked("HEAD")).body == b"one"
    assert len(bench.reached) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"cache_control": "no-store, max-age=60"},
        {"cache_control": "private, max-age=60"},
        {"cache_control": 'private="x-a", max-age=60'},
        {"cache_control": "max-age=60", "set_cookie": "a=b"},
        {"cache_control": "max-age=60", "vary": "*"},
        {"cache_control": "max-age=0"},
        {"cache_control": "max-age=nine"},
        {"cache_control": "max-age=60, max-age=0"},
        {"expires": "0"},
        {"last_modified": "Sun, 22 Nov 2026 20:00:00 GMT"},
        {},
    ],
)
def test_what_is_not_kept(fields: dict[str, str]) -> None:
    """Neither what the upstream forbids nor what it says nothing about is given again."""
    bench = Bench()
    for _ in range(2):
        assert b"stored" not in status_of(bench.now(asked(), reply(200, b"one", **fields)))
    assert len(bench.reached) == 2
    assert len(bench.cache.store) == 0


@pytest.mark.parametrize(("status", "body"), [(206, b"a"), (500, b"a"), (200, None), (200, b"long")])
def test_parts_failures_streams_and_large_answers_are_not_kept(status: int, body: bytes | None) -> None:
    """Only whole answers that are no accident, and are not too large."""
    bench = Bench({"largest": 3})
    bench.now(asked(), reply(status, body, cache_control="max-age=9"))
    assert len(bench.cache.store) == 0


def test_declared_ttl_holds_where_the_answer_is_silent() -> None:
    """The route's lifetime is a default: it lengthens nothing that the upstream has limited."""
    bench = Bench({"ttl": 30})
    bench.now(asked(), reply())
    bench.now(asked("GET", b"/other"), reply(200, b"x", cache_control="max-age=5"))
    bench.time += 29
    assert status_of(bench.now(asked())) == b"banyan; hit; ttl=1"
    assert b"fwd=stale" in status_of(bench.now(asked("GET", b"/other"), reply()))


def test_shared_lifetime_wins_and_expires_counts_from_date() -> None:
    """`s-maxage` before `max-age` before `Expires`."""
    bench = Bench()
    bench.now(asked(), reply(200, b"x", cache_control="max-age=5, s-maxage=50", expires="0"))
    assert status_of(bench.now(asked())) == b"banyan; hit; ttl=50"
    dated = reply(200, b"x", date="Thu, 01 Jan 1970 00:16:30 GMT", expires="Thu, 01 Jan 1970 00:17:00 GMT")
    bench.now(asked("GET", b"/b"), dated)  # made at 990, good until 1020, and it is 1000
    assert status_of(bench.now(asked("GET", b"/b"))) == b"banyan; hit; ttl=20"


def test_variants_are_told_apart() -> None:
    """One answer for each value of what `Vary` names; blanks make no difference."""
    bench = Bench()
    for language in ("de", "en"):
        bench.now(
            asked(accept_language=language), reply(200, language.encode(), cache_control="max-age=9", vary="Accept-Language")
        )
    assert bench.now(asked(accept_language="de")).body == b"de"
    assert bench.now(asked(accept_language=" en ")).body == b"en"
    assert b"fwd=vary-miss" in status_of(bench.now(asked(accept_language="fr"), reply()))


def test_host_scheme_and_query_are_part_of_the_key() -> None:
    """What one host said is not given at another."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="max-age=9"))
    for other in (asked("GET", b"/api/v1/products?page=2"), asked(), asked()):
        if other.target == b"/api/v1/products":
            other.host, other.scheme = (b"evil.example", b"https") if len(bench.reached) == 2 else (b"shop.example", b"http")
        assert bench.now(other, reply(200, b"other")).body == b"other"


def test_client_that_has_it_gets_304() -> None:
    """Entity tags are compared weakly and before dates; the 304 carries what a cache needs and no body."""
    bench = Bench()
    kept = {
        "cache_control": "max-age=60",
        "etag": 'W/"a"',
        "last_modified": "Sun, 22 Nov 2026 20:00:00 GMT",
        "content_type": "text/html",
    }
    first = bench.now(asked(if_none_match='"a"'), reply(200, b"one", **kept))
    assert b"if-none-match" not in bench.reached[0].sent
    assert (first.status, first.body) == (304, b"")
    hit = bench.now(asked(if_none_match='"z", "a"'))
    assert (hit.status, hit.body, hit.get(b"etag"), hit.get(b"content-type")) == (304, b"", b'W/"a"', b"")
    assert bench.now(asked(if_none_match='"b"', if_modified_since="Sun, 22 Nov 2026 20:00:00 GMT")).status == 200
    assert bench.now(asked(if_modified_since="Sun, 22 Nov 2026 20:00:00 GMT")).status == 304
    assert bench.now(asked(if_modified_since="Sun, 22 Nov 2026 19:59:59 GMT")).status == 200


FAR = ("Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +99999999999999999", "Mon, 99 Jan 2024 00:00:00 GMT")


@pytest.mark.parametrize("date", FAR)
def test_a_date_that_is_none_is_not_there(date: str) -> None:
    """Whoever sends it, the client or the upstream, in whichever field: the answer is given, and is no 304."""
    bench = Bench()
    told = {"cache_control": "max-age=60", "last_modified": "Sun, 22 Nov 2026 20:00:00 GMT"}
    assert bench.now(asked(if_modified_since=date), reply(200, b"one", **told, date=date)).body == b"one"
    assert bench.now(asked(if_modified_since=date)).body == b"one"
    expired = bench.now(asked("GET", b"/b"), reply(200, b"two", expires=date, date=date, etag='"a"'))
    assert (expired.status, expired.body) == (200, b"two")
    assert b"fwd=stale" in status_of(bench.now(asked("GET", b"/b"), reply(304, b"", etag='"a"')))


def test_a_write_is_answered_wherever_its_answer_points() -> None:
    """It was carried out; a place that is none has nothing to forget."""
    made = Bench().now(asked("POST"), reply(201, b"made", location="https://[", content_location="//\u2100.example/"))
    assert (made.status, made.body) == (201, b"made")


@pytest.mark.parametrize(("age", "fresh"), [("59", True), ("60", False), ("9" * 12, False), ("9" * 400, False), ("61, 1", False)])
def test_an_age_is_believed_however_large(age: str, fresh: bool) -> None:
    """A number beyond all counting is no answer that was made just now; of several the first holds."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="max-age=60", age=age))
    bench.now(asked(), reply(200, b"two", cache_control="max-age=60"))
    assert (len(bench.reached) == 1) is fresh


def test_a_lifetime_beyond_counting_is_a_long_one() -> None:
    """RFC 9111, 1.2.2; of what is kept so, a client may ask for a part of its life that is as long."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control=f"max-age={'9' * 30}"))
    bench.time += 10_000_000
    assert bench.now(asked()).body == b"one"
    assert bench.now(asked(cache_control=f"min-fresh={'9' * 30}"), reply(200, b"two")).body == b"two"


def test_stale_answer_is_validated_and_freshened() -> None:
    """The upstream is asked with the kept validator, and its 304 gives the kept body a new life."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="max-age=5", etag='"a"'))
    bench.time += 6
    second = bench.now(asked(if_none_match='"client"'), reply(304, b"", cache_control="max-age=50", etag='"a"'))
    assert bench.reached[-1].sent[b"if-none-match"] == b'"a"'
    assert (second.status, second.body) == (200, b"one")
    assert status_of(second) == b"banyan; fwd=stale; fwd-status=304"
    bench.time += 10
    assert status_of(bench.now(asked())) == b"banyan; hit; ttl=40"


def test_a_304_that_changes_the_rules_is_obeyed() -> None:
    """What becomes private, or is chosen by other fields than before, is not kept on."""
    for news in ({"cache_control": "private"}, {"vary": "Accept-Language"}, {"set_cookie": "a=b"}):
        bench = Bench()
        bench.now(asked(), reply(200, b"one", cache_control="max-age=5", etag='"a"'))
        bench.time += 6
        assert bench.now(asked(), reply(304, b"", **news)).body == b"one"
        assert len(bench.cache.store) == 0


def test_a_question_with_a_body_passes_by() -> None:
    """Its answer is not that of the target alone."""
    bench = Bench()
    for body in (b"a", b"b"):
        request = asked("GET", b"/search", body, content_length="1")
        assert bench.now(request, reply(200, body, cache_control="max-age=60")).body == body
    assert len(bench.cache.store) == 0


def test_no_cache_is_asked_each_time() -> None:
    """`no-cache` of the answer or of the request means: ask first."""
    bench = Bench()
    bench.now(asked(), reply(200, b"one", cache_control="no-cache", etag='"a"'))
    assert bench.now(asked(), reply(304, b"")).body == b"one"
    bench.now(asked("GET", b"/b"), reply(200, b"b", cache_control="max-age=50"))
    assert b"fwd=request" in status_of(bench.now(asked("GET", b"/b", cache_control="no-cache"), reply()))
    assert len(bench.reached) == 4


def test_only_if_cached_never_reaches_the_upstream() -> None:
    """504 where there is nothing fresh."""
    bench = Bench()
    with pytest.raises(Problem) as refused:
        bench.now(asked(cache_control="only-if-cached"))
    assert refused.value.status == 504
    assert not bench.cache.under_way


def test_stale_while_revalidate_gives_and_asks_once() -> None:
    """The stale answer goes out at once; one refetch runs for all who ask meanwhile."""
    bench = Bench()
    bench.renewed = reply(200, b"two", cache_control="max-age=5")

    async def run() -> None:
        first = reply(200, b"one", cache_control="max-age=5, stale-while-revalidate=10", etag='"a"')
        await bench.ask(asked(), first)
        bench.time += 7
        for _ in range(3):
            assert (await bench.ask(asked(if_none_match='"x"', range="bytes=0-0"), reply(500))).body == b"one"
        while len(bench.again) < 1 or bench.cache.flights:
            await asyncio.sleep(0)
        assert (await bench.ask(asked(), reply(500))).body == b"two"

    asyncio.run(run())
    assert [lines.count(b"if-none-match") for lines in bench.again] == [1]
    assert b"range" not in bench.again[0], "a part is not kept"
    assert len(bench.reached) == 1


def test_failed_refetch_leaves_the_stale_answer_until_it_is_too_old() -> None:
    """After its time the upstream is asked in the open again."""
    bench = Bench()

    async def run() -> None:
        await bench.ask(asked(), reply(200, b"one", cache_control="max-age=5, stale-while-revalidate=10"))
        bench.time += 7
        await bench.ask(asked(), reply(500))
        while bench.cache.flights:
            await asyncio.sleep(0)
        assert (await bench.ask(asked(), reply(500))).body == b"one"
        await bench.cache.close()

    asyncio.run(run())
    bench.time += 10
    assert bench.now(asked(), reply(200, b"two")).body == b"two"


@pytest.mark.parametrize("failure", [Problem(504, "timed-out", "t", "d"), reply(503, b"down")])
def test_stale_if_error(failure: Problem | Reply) -> None:
    """A failure is covered by the stale answer for as long as its terms say, and no longer."""
    bench = Bench({"stale_if_error": 30})
    bench.now(asked(), reply(200, b"one", cache_control="max-age=5"))
    bench.time += 20
    given = bench.now(asked(), failure)
    assert (given.status, given.body) == (200, b"one")
    assert status_of(given).startswith(b"banyan; fwd=stale; fwd-status=50")
    assert status_of(given).endswith(b"; ttl=-15; detail=stale-if-error")
    bench.time += 20
    if isinstance(failure, Problem):
        with pytest.raises(Problem):
            bench.now(asked(), failure)
    else:
        assert bench.now(asked(), reply(503, b"down")).status == 503


@pytest.mark.parametrize("strict", ["must-revalidate", "proxy-revalidate", "s-maxage=5"])
def test_strict_answers_are_never_given_stale(strict: str) -> None:
    """What the upstream forbids, the route's declaration cannot allow."""
    bench = Bench({"stale_if_error": 30, "stale_while_revalidate": 30})
    bench.now(asked(), reply(200, b"one", cache_control=f"max-age=5, {strict}"))
    bench.time += 6
    assert bench.now(asked(), reply(503, b"down")).status == 503
