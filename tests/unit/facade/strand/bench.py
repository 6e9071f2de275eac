"""A loop of each kind, a diary of what happened on it in which order, and what it was told of errors."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from facade.strand import Signal, Strand


class Bench:
    """One loop, a strand's diary, and what the loop was told of errors."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.diary: list[object] = []
        self.errors: list[BaseException | None] = []
        loop.set_exception_handler(lambda _loop, context: self.errors.append(context.get("exception")))

    def signal(self) -> Signal:
        return Signal(self.loop)

    def strand(self, work: Coroutine[Any, Any, None]) -> Strand:
        return Strand(self.loop, work)

    async def note(self, name: str, *waits: Awaitable[object]) -> None:
        """Wait for one thing after another, and write down what came of each."""
        self.diary.append(name)
        for wait in waits:
            self.diary.append((name, await wait))

    async def notice(self, name: str, *waits: Awaitable[object]) -> None:
        """The same, but an error is written down."""
        try:
            await self.note(name, *waits)
        except (ValueError, TimeoutError, asyncio.CancelledError) as error:
            self.diary.append((name, type(error).__name__))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop turn until this holds; fails when it does not within seconds."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0)


Test = Callable[[Bench], Coroutine[Any, Any, None]]
Run = Callable[[Test], Bench]
