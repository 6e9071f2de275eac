"""Upstreams by the name service: what a name stands for, what becomes of it when it fails, a facade that lives by it."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from facade.discovery import Names, resolve
from facade.settings import Settings
from facade.upstreams import Upstreams
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream
from tests.integration.facade.test_discovery import run
from tests.integration.facade.test_discovery import until as eventually


def test_names_are_resolved() -> None:
    """What a name stands for is used, whatever becomes of another one."""

    async def work() -> None:
        upstreams = Upstreams(Settings("dns://localhost:8000, dns://no-such-name.invalid:80"), {})
        async with resolving(Names(upstreams, interval=0.01)):
            await eventually(upstreams.standing)
        assert {"http://127.0.0.1:8000", "http://[::1]:8000"} >= {one.url for one in upstreams.standing()}
        assert upstreams.monolith.url.endswith(":8000")
        await upstreams.close()

    run(work())


def test_a_name_that_fails_keeps_what_it_stood_for() -> None:
    """However often it fails; once it resolves again, what it stands for then is used."""
    answers = ["http://10.0.0.1:80"]
    asked = 0

    async def ask(name: str) -> list[str]:
        nonlocal asked
        asked += 1
        if not answers:
            raise OSError(f"nobody knows {name}")
        return list(answers)

    async def work() -> None:
        upstreams = Upstreams(Settings("dns://monolith:80"), {})
        async with resolving(Names(upstreams, interval=0.01, ask=ask)):
            await eventually(upstreams.standing)
            answers.clear()
            failed = asked
            await eventually(lambda: asked > failed + 2)
            assert [one.url for one in upstreams.standing()] == ["http://10.0.0.1:80"]
            answers.append("http://10.0.0.2:80")
            await eventually(lambda: [one.url for one in upstreams.standing()] == answers)
        await upstreams.close()

    run(work())


def test_a_name_that_takes_long_holds_up_no_other() -> None:
    """The others are asked for again and again meanwhile, and it is asked for once."""
    asked: list[str] = []

    async def ask(name: str) -> list[str]:
        asked.append(name)
        if name == "dns://slow:80":
            await asyncio.Event().wait()
        return ["http://10.0.0.1:80"]

    async def work() -> None:
        upstreams = Upstreams(Settings("dns://slow:80, dns://quick:80"), {})
        async with resolving(Names(upstreams, interval=0.01, ask=ask)):
            await eventually(lambda: asked.count("dns://quick:80") > 2)
        assert asked.count("dns://slow:80") == 1
        assert [one.url for one in upstreams.standing()] == ["http://10.0.0.1:80"]
        await upstreams.close()

    run(work())


def test_a_name_service_that_hangs_for_many_answers_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name is asked for in a thread of its own, of which no end of a process waits."""
    answers, real = threading.Event(), socket.getaddrinfo

    def hangs(host: str, *rest: Any, **more: Any) -> Any:
        if host.startswith("slow"):
            answers.wait(20)
            raise OSError(f"nobody knows {host}")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)

    async def work() -> None:
        upstreams = Upstreams(
            Settings(", ".join([*(f"dns://slow{number}:80" for number in range(40)), "dns://localhost:8000"])), {}
        )
        async with resolving(Names(upstreams)):
            await eventually(upstreams.standing)
            assert all(thread.daemon for thread in threading.enumerate() if thread.name == "name service")
        await upstreams.close()

    run(work())
    answers.set()


@asynccontextmanager
async def resolving(names: Names) -> AsyncIterator[None]:
    task = asyncio.create_task(names.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_facade_finds_its_upstreams_by_name(tmp_path: Path) -> None:
    """Without a registry: all addresses of the name are instances, and one at which nobody listens costs no request."""
    monolith = ScriptedUpstream().start()
    port = monolith.url.rpartition(":")[2]
    entrance = Entrance(monolith, tmp_path, {"MONOLITH_URL": f"dns://localhost:{port}", "VALKEY_URL": ""}).start()
    try:
        until(lambda: entrance.ask("GET", "/x").status == 200)
        assert {entrance.ask("GET", "/x").status for _ in range(20)} == {200}
    finally:
        entrance.stop()
        monolith.stop()


@pytest.mark.parametrize(
    "name",
    [
        "dns://localhost", "dns://:80", "http://localhost:80", "dns://no-such-name.invalid:80", "dns://localhost:99999",
        f"dns://{'x' * 64}:80", "dns://x..y:80", "dns://[x:80",
    ],
)  # fmt: skip
def test_what_is_no_name_is_an_error_like_one_that_is_unknown(name: str) -> None:
    """Neither may end the task that resolves the others."""

    async def work() -> None:
        with pytest.raises(OSError, match=r"."):
            await resolve(name)

    run(work())
