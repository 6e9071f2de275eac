"""Rate limits of several workers that share a real Valkey, and what becomes of them without it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import ParamSpec
from uuid import uuid4

import pytest

from facade.limits.account import Account
from facade.limits.declared import parse_all
from facade.limits.rule import Terms
from facade.limits.shared import SharedWindows
from facade.limits.stage import RateLimit
from facade.limits.window import Ask, Grant, Window
from facade.problems import Problem
from facade.valkey import Valkey
from tests.integration.facade.conftest import TestValkey
from tests.unit.facade.limits.callers import Asked, anonymous

_TIMEOUT = 5.0
_Arguments = ParamSpec("_Arguments")


def in_a_loop(test: Callable[_Arguments, Coroutine[None, None, None]]) -> Callable[_Arguments, None]:
    """Run the test in an event loop of its own."""

    @wraps(test)
    def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _connected(server: TestValkey) -> AsyncIterator[Valkey]:
    valkey = Valkey(server.url)
    task = asyncio.create_task(valkey.run())
    try:
        await _until(lambda: valkey.connected)
        yield valkey
    finally:
        task.cancel()
        await asyncio.wait([task])


def _shared(valkey: Valkey, timeout: float = _TIMEOUT) -> SharedWindows:
    return SharedWindows(valkey, timeout, asyncio.get_running_loop().time)


def _stage(shared: SharedWindows, scope: str, *limits: str) -> RateLimit:
    return RateLimit(parse_all(list(limits)), scope, Terms(shared, asyncio.get_running_loop().time))


async def _admitted(limiter: RateLimit, request: Asked) -> bool:
    try:
        waiting: Awaitable[None] | None = limiter.before(request)
        if waiting is not None:
            await waiting
    except Problem as problem:
        if problem.status != 429:
            raise
        return False
    return True


async def _many(limiter: RateLimit, times: int, at_once: int) -> int:
    async def client() -> int:
        return sum([await _admitted(limiter, anonymous()) for _ in range(times // at_once)])

    return sum(await asyncio.gather(*(client() for _ in range(at_once))))


@in_a_loop
async def test_the_script_is_the_twin_of_the_model(own_valkey: TestValkey) -> None:
    """The same questions get the same answers, over many windows."""
    chance = random.Random(7)
    length = 7
    async with _connected(own_valkey) as valkey:
        shared = _shared(valkey)
        for limit in (1, 5, 40):
            key, model, refused, windows = uuid4().hex.encode(), Window(), 0, set()
            for _ in range(700):
                ask = Ask(chance.randrange(3), chance.randrange(1, 9), chance.randrange(3), model.at - chance.randrange(3))
                grant = await _taken(shared, key, limit, length, ask)
                assert grant == model.take(limit, length, grant.now, ask)
                refused += grant.free == grant.given == 0
                windows.add(grant.now // length)
            assert refused
            assert len(windows) > 3


@in_a_loop
async def test_workers_share_a_small_limit_exactly(own_valkey: TestValkey) -> None:
    """Three workers, twenty clients each: of thirty requests a day, thirty are admitted, wherever they arrive."""
    scope = uuid4().hex
    async with _connected(own_valkey) as one, _connected(own_valkey) as two, _connected(own_valkey) as three:
        workers = [_stage(_shared(valkey), scope, "30/1d per ip") for valkey in (one, two, three)]
        assert sum(await asyncio.gather(*(_many(worker, 60, 20) for worker in workers))) == 30


@in_a_loop
async def test_workers_share_a_large_limit_and_ask_rarely(own_valkey: TestValkey) -> None:
    """Never more than the limit, hardly less, and far fewer questions than requests."""
    scope = uuid4().hex
    async with _connected(own_valkey) as one, _connected(own_valkey) as two:
        workers = [_stage(_shared(valkey), scope, "4000/1d per ip") for valkey in (one, two)]
        total = sum(await asyncio.gather(*(_many(worker, 4_000, 4) for worker in workers)))
        assert 3_900 <= total <= 4_000
        assert sum(worker.rules[0].asked for worker in workers) < 400


@in_a_loop
async def test_a_script_that_valkey_forgot_is_sent_again(own_valkey: TestValkey) -> None:
    """A restart of Valkey loses its scripts; no request notices."""
    async with _connected(own_valkey) as valkey:
        limiter = _stage(_shared(valkey), uuid4().hex, "9/1d per ip")
        assert await _admitted(limiter, anonymous())
        own_valkey.ask("SCRIPT", "FLUSH")
        assert await _admitted(limiter, anonymous())
        assert limiter.rules[0].alone == 0


@in_a_loop
async def test_counts_do_not_stay(own_valkey: TestValkey) -> None:
    """Valkey forgets a key two windows after its last use."""
    scope = uuid4().hex
    async with _connected(own_valkey) as valkey:
        assert await _admitted(_stage(_shared(valkey), scope, "9/1m per ip"), anonymous(b"192.0.2.9"))
        left = int(own_valkey.ask("PTTL", f"banyan:limit:{scope}:ip-1m:192.0.2.9").lstrip(b":"))
    assert 60_000 < left <= 120_000


@in_a_loop
async def test_a_client_that_leaves_while_waiting_leaks_nothing(own_valkey: TestValkey) -> None:
    """Its unit is there for the next request; nobody is counted as waiting."""
    async with _connected(own_valkey) as valkey:
        limiter = _stage(_shared(valkey), uuid4().hex, "1/1d per ip")
        waiting = asyncio.ensure_future(_admitted(limiter, anonymous()))
        account = await _opened(limiter)
        assert len(account.waiters) == 1
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await _admitted(limiter, anonymous())
        assert not await _admitted(limiter, anonymous())
        assert account.waiters == []


async def _taken(shared: SharedWindows, key: bytes, limit: int, length: int, ask: Ask) -> Grant:
    answered = asyncio.get_running_loop().create_future()
    shared.take(key, limit, length, ask, answered.set_result)
    grant = await answered
    assert isinstance(grant, Grant)
    return grant


async def _opened(limiter: RateLimit) -> Account:
    await asyncio.sleep(0)
    return next(iter(limiter.rules[0].accounts.values()))


@in_a_loop
async def test_without_valkey_each_worker_counts_alone_until_it_is_back() -> None:
    """A limit goes on while Valkey is down, one that fails closed refuses; both recover by themselves."""
    server = TestValkey().start()
    try:
        async with _connected(server) as valkey:
            limiter = _stage(_shared(valkey), "outage", "5/1d per ip")
            closed = _stage(_shared(valkey), "closed", "5/1d per ip fail closed")
            assert await _admitted(limiter, anonymous())
            assert await _admitted(closed, anonymous())
            server.stop()
            await _until(lambda: not valkey.connected)
            assert [await _admitted(limiter, anonymous(b"192.0.2.2")) for _ in range(7)] == [True] * 5 + [False] * 2
            with pytest.raises(Problem) as caught:
                closed.before(anonymous(b"192.0.2.2"))
            assert caught.value.status == 503
            assert limiter.rules[0].alone == 6
            server.start()
            await _until(lambda: valkey.connected)
            asked = limiter.rules[0].asked
            assert await _admitted(limiter, anonymous(b"192.0.2.3"))
            assert await _admitted(closed, anonymous(b"192.0.2.3"))
            assert limiter.rules[0].asked == asked + 1
    finally:
        server.stop()


@in_a_loop
async def test_a_valkey_that_hangs_delays_few() -> None:
    """One question runs into the time-out; the requests after it are counted alone and do not wait."""
    server = TestValkey().start()
    try:
        async with _connected(server) as valkey:
            limiter = _stage(_shared(valkey, timeout=0.05), "hang", "50/1d per ip")
            server.ask("CLIENT", "PAUSE", "1500", "ALL")
            assert await _admitted(limiter, anonymous())
            assert (limiter.rules[0].asked, limiter.rules[0].alone) == (1, 1)
            assert limiter.before(anonymous()) is None
            assert limiter.before(anonymous(b"192.0.2.2")) is None
            assert limiter.rules[0].asked == 1
    finally:
        server.stop()
