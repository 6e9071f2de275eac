"""The response cache among many: the same question at once, writes, purges, and whose answer is whose."""

import asyncio
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.embedded import ValkeyServer
from chassis.tags import CHANNEL
from facade.problems import Problem
from facade.responses.contract import Reply, Request
from facade.valkey import Valkey
from tests.unit.facade.responses.asked import Asked, Who, asked, reply
from tests.unit.facade.responses.bench import Bench, status_of


def test_the_same_question_is_asked_once() -> None:
    """Requests that come while the answer is being fetched wait for it."""
    bench = Bench()

    async def run() -> list[Reply]:
        gate = asyncio.Event()

        async def slow() -> Reply:
            await gate.wait()
            return reply(200, b"one", cache_control="max-age=5")

        first = asyncio.create_task(bench.ask(asked(), slow))
        rest = [asyncio.create_task(bench.ask(asked(), reply(500))) for _ in range(5)]
        await asyncio.sleep(0)
        gate.set()
        return list(await asyncio.gather(first, *rest))

    given = asyncio.run(run())
    assert [answer.body for answer in given] == [b"one"] * 6
    assert [b"collapsed" in status_of(answer) for answer in given] == [False] + [True] * 5
    assert len(bench.reached) == 1


def test_nobody_waits_twice_for_what_cannot_be_kept() -> None:
    """An answer that may not be shared is fetched by everybody for themselves, also next time and without waiting."""
    bench = Bench()

    async def run() -> None:
        gate = asyncio.Event()

        async def slow(body: bytes) -> Reply:
            await gate.wait()
            return reply(200, body, cache_control="private")

        tasks = [asyncio.create_task(bench.ask(asked(), partial(slow, b"%d" % number))) for number in range(4)]
        await asyncio.sleep(0)
        assert len(bench.reached) == 1
        gate.set()
        assert [given.body for given in await asyncio.gather(*tasks)] == [b"0", b"1", b"2", b"3"]

    asyncio.run(run())
    assert bench.stage.before(asked()) is None
    assert bench.stage.before(asked()) is None


def test_nobody_waits_for_who_takes_an_answer_slowly() -> None:
    """One that is too large to be kept streams to who asked first, at that client's pace; the others know by its head."""
    bench = Bench({"patience": 600})

    async def run() -> None:
        first = asked()
        assert bench.stage.before(first) is None
        second = asyncio.create_task(bench.ask(asked(), reply(200, b"two")))
        await asyncio.sleep(0)
        assert not bench.reached
        bench.stage.after(first, reply(200, None, cache_control="max-age=60"))
        assert (await asyncio.wait_for(second, 5)).body == b"two"
        bench.stage.ended(first)

    asyncio.run(run())


def test_a_fetch_that_fails_frees_those_who_wait() -> None:
    """Each of them asks for itself."""
    bench = Bench()

    async def run() -> None:
        gate = asyncio.Event()

        async def fails() -> Reply:
            await gate.wait()
            raise Problem(502, "no-answer", "n", "d")

        first = asyncio.create_task(bench.ask(asked(), fails))
        second = asyncio.create_task(bench.ask(asked(), reply(200, b"two")))
        await asyncio.sleep(0)
        gate.set()
        assert (await second).body == b"two"
        with pytest.raises(Problem):
            await first

    asyncio.run(run())
    assert not bench.cache.flights
    assert not bench.cache.under_way
    assert not bench.cache._all


def test_a_write_makes_all_that_is_kept_of_its_path_go() -> None:
    """Whatever the query, also at the places that its answer names; a failed write changes nothing."""
    bench = Bench()
    targets = (b"/orders", b"/orders?page=2", b"/orders/7", b"/products")

    def fill() -> None:
        for target in targets:
            bench.now(asked("GET", target), reply(200, b"x", cache_control="max-age=60"))

    fill()
    bench.now(asked("POST", b"/orders"), reply(409))
    assert len(bench.cache.store) == 4
    assert not bench.announced
    bench.now(asked("POST", b"/orders"), reply(201, b"", location="https://shop.example/orders/7"))
    assert len(bench.cache.store) == 1
    assert bench.announced == [b'{"paths":["/orders","/orders/7"]}']
    other = Bench()
    other.now(asked("GET", b"/orders?page=9"), reply(200, b"x", cache_control="max-age=60"))
    assert other.cache.purged(bench.announced[0]) == 1
    fill()
    bench.now(asked("POST", b"/x"), reply(201, b"", location="https://evil.example/products"))
    assert len(bench.cache.store) == 4


def test_an_answer_that_a_purge_overtook_is_not_kept() -> None:
    """It was made before the change, whoever fetched it."""
    bench = Bench()
    for message in (b'{"tags": ["t"]}', b'{"prefixes": ["/api"]}', b'{"paths": ["/api/v1/products"]}'):
        request = asked()
        assert bench.stage.before(request) is None
        bench.cache.purged(message)
        bench.stage.after(request, reply(200, b"old", cache_control="max-age=60"))
        bench.stage.ended(request)
        assert len(bench.cache.store) == 0
    bench.now(asked(), reply(200, b"new", cache_control="max-age=60"))
    assert len(bench.cache.store) == 1


def test_purge_by_tag_and_prefix() -> None:
    """Tags come from the upstream and stay here; a prefix ends at a segment."""
    bench = Bench()
    first = bench.now(asked("GET", b"/a/1"), reply(200, b"x", cache_control="max-age=60", surrogate_key="p1 all"))
    assert not first.get(b"surrogate-key")
    assert not bench.now(asked("GET", b"/a/1")).get(b"surrogate-key")
    bench.now(asked("GET", b"/a/2"), reply(200, b"x", cache_control="max-age=60", surrogate_key="p2, all"))
    bench.now(asked("GET", b"/ab"), reply(200, b"x", cache_control="max-age=60"))
    assert bench.cache.purged(b'{"tags": ["p1"]}') == 1
    assert bench.cache.purged(b'{"prefixes": ["/a/"]}') == 1
    assert len(bench.cache.store) == 1


def test_purges_that_nobody_heard() -> None:
    """When the channel was lost, everything goes, and what is being fetched is not kept."""
    bench = Bench()
    bench.now(asked("GET", b"/a"), reply(200, b"x", cache_control="max-age=60"))
    request = asked()
    bench.stage.before(request)
    asyncio.run(bench.cache.reconnected())
    bench.stage.after(request, reply(200, b"old", cache_control="max-age=60"))
    bench.stage.ended(request)
    assert (len(bench.cache.store), bench.cache.store.bytes) == (0, 0)


def test_purge_over_a_real_channel(valkey: ValkeyServer) -> None:
    """What one worker announces makes another worker's answer go."""
    other = Bench()
    other.now(asked("GET", b"/orders"), reply(200, b"x", cache_control="max-age=600"))

    async def run() -> None:
        hearing = Valkey(valkey.url(), channel=CHANNEL, on_message=other.cache.heard)
        telling = Valkey(valkey.url())
        tasks = [asyncio.create_task(hearing.run()), asyncio.create_task(telling.run())]
        async with asyncio.timeout(20):
            while not (hearing.connected and telling.connected):
                await asyncio.sleep(0.01)
            mine = Bench()
            await mine.ask(asked("POST", b"/orders"), reply(201, b""))
            while not await telling.ask("PUBLISH", CHANNEL, mine.announced[0]):
                await asyncio.sleep(0.01)
            while len(other.cache.store):
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.parametrize("message", [b"", b"[]", b"7", b'{"tags": "all"}', b'{"paths": [7]}', b'{"prefixes": 3}'])
def test_what_is_no_purge_purges_nothing(message: bytes) -> None:
    """And raises nothing: the subscriber goes on."""
    bench = Bench()
    bench.now(asked(), reply(200, b"x", cache_control="max-age=60"))
    assert bench.cache.purged(message) == 0
    assert len(bench.cache.store) == 1


def test_conditions_for_the_upstream_and_ranges_are_not_touched() -> None:
    """`If-Match`, `If-Range` and `no-store` pass by; a range that is not kept whole is the upstream's."""
    bench = Bench()
    for fields in (
        {"if_match": '"a"'},
        {"if_range": '"a"', "range": "bytes=0-1"},
        {"cache_control": "no-store"},
        {"range": "bytes=0-1"},
    ):
        request = asked(**fields)
        bench.now(request, reply(200, b"x", cache_control="max-age=60"))
        assert {name.replace("_", "-").encode() for name in fields} <= set(request.sent)
    assert len(bench.cache.store) == 0


def test_explain_changes_nothing() -> None:
    """One line for each kind of decision, and no flight begun."""
    bench = Bench()
    assert bench.stage.explain(asked()) == "nothing to give: uri-miss"
    bench.now(asked(), reply(200, b"x", cache_control="max-age=60"))
    bench.time += 1
    assert bench.stage.explain(asked()) == "give: kept for 1.0 s of 60 s"
    assert "no read" in bench.stage.explain(asked("PUT"))
    assert not bench.cache.flights
    assert not bench.cache.under_way


USERS = (None, "ann", "bob")
POLICIES = ("max-age=9", "public, max-age=9", "s-maxage=9", "private, max-age=9", "no-store", "no-cache", "max-age=0",
            "max-age=9, stale-while-revalidate=20", "public, max-age=2, stale-while-revalidate=20", "")  # fmt: skip
STEP = st.tuples(
    st.sampled_from(USERS), st.sampled_from(("authorization", "cookie", "x_api_key", "principal")), st.integers(0, 3),
    st.sampled_from(("de", "en")), st.integers(0, 6), st.sampled_from((None, '"x"', "*")), st.integers(0, 4),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(POLICIES), min_size=4, max_size=4), st.lists(STEP, max_size=25))
def test_nobody_is_given_what_another_was_answered(policies: list[str], steps: list[tuple[object, ...]]) -> None:
    """Whatever is asked, by whom, at once or one after another: the answer is the one that the upstream has for this asker.

    The upstream answers each user differently, unless it says `public` or `s-maxage`; and each language, which it says in `Vary`.
    """
    bench = Bench({"ttl": 5, "stale_if_error": 30})

    def proper(path: int, user: object, language: object) -> Reply:
        policy = policies[path]
        everybody = "public" in policy or "s-maxage" in policy
        body = f"{path} {'all' if everybody else user} {language}"
        return reply(200, body.encode(), cache_control=policy, vary="Accept-Language", etag=f'"{body}"')

    async def upstream(request: Asked, path: int, user: object, language: object, turns: int) -> Reply:
        for _ in range(turns):
            await asyncio.sleep(0)
        whole = proper(path, user, language)
        if whole.get(b"etag") in request.sent.get(b"if-none-match", b""):
            return Reply(304, [pair for pair in whole.fields if pair[0] != b"set-cookie"], b"")
        return whole

    async def one(step: tuple[object, ...]) -> None:
        user, how, path, language, _, condition, turns = step
        assert isinstance(path, int)
        assert isinstance(turns, int)
        fields = {"accept_language": str(language)}
        if user is not None and how != "principal":
            fields[str(how)] = f"banyan_anon=1; session={user}" if how == "cookie" else str(user)
        if condition is not None:
            fields["if_none_match"] = str(condition)
        request = asked("GET", b"/%d" % path, **fields)
        if user is not None and how == "principal":
            request.principal = Who("user")
        given = await bench.ask(request, partial(upstream, request, path, user, language, turns))
        if given.status == 200:
            assert given.body == proper(path, user, language).body
        else:
            assert given.status == 304
            assert condition == "*"

    async def refetch(request: Request, lines: bytes) -> Reply:
        fields = dict(line.split(b": ", 1) for line in lines.splitlines())
        cookie = fields.get(b"cookie", b"").partition(b"session=")[2]
        user = (fields.get(b"authorization") or cookie or fields.get(b"x-api-key") or b"").decode() or None
        return proper(int(request.path[1:]), user, fields[b"accept-language"].decode())

    async def run() -> None:
        bench.cache.refetch = refetch
        tasks = []
        for step in steps:
            tasks.append(asyncio.create_task(one(step)))
            if step[4]:
                await asyncio.gather(*tasks)
                bench.time += float(step[4])  # type: ignore[arg-type]
        await asyncio.gather(*tasks)
        await bench.cache.close()

    asyncio.run(run())
    assert not bench.cache.flights
    assert not bench.cache.under_way
