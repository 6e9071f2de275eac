"""A cache on a bench: its clock is set by hand, and its upstream is a list."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from facade.problems import Problem
from facade.responses import kept
from facade.responses.cache import CacheStage
from facade.responses.contract import Reply, Request
from facade.responses.declared import Cached
from facade.responses.shared import Cache
from tests.unit.facade.responses.asked import Asked


@dataclass
class Bench:
    """A stage over a cache with a clock that is set by hand, and the requests that reached the upstream. `again`: the header
    lines of those that nobody waits for. `rescues`: as the stage has it. `code`: no upstream answers but code.
    """

    declared: dict[str, object] = field(default_factory=dict)
    room: int = 1 << 20
    most: int = 100
    time: float = 1000.0
    reached: list[Asked] = field(default_factory=list)
    again: list[bytes] = field(default_factory=list)
    renewed: Reply | None = None
    announced: list[bytes] = field(default_factory=list)
    rescues: bool = True
    code: bool = False

    def __post_init__(self) -> None:
        self.cache = Cache(
            self.room,
            self.most,
            refetch=self._refetch,
            announce=self.announced.append,
            now=lambda: self.time,
            wall=lambda: self.time,
        )
        self.stage = CacheStage(Cached.model_validate(self.declared), self.cache, rescues=self.rescues, renews=not self.code)

    async def _refetch(self, request: Request, lines: bytes) -> Reply:
        self.again.append(lines)
        if self.renewed is None:
            raise OSError("gone")
        return self.renewed

    async def ask(self, request: Asked, answer: Reply | Problem | Callable[[], Awaitable[Reply]]) -> Reply:
        """The whole way of a request, as the gateway goes it. `answer` is the upstream's, if it is asked."""
        stage = self.stage
        try:
            waits = stage.before(request)
            if waits is not None:
                await waits
            if request.reply is not None:
                stage.after(request, request.reply)
                return request.reply
            self.reached.append(request)
            given = answer if isinstance(answer, Reply | Problem) else await answer()
            if isinstance(given, Reply):
                self._answered(request, given)
            if given.status >= 500 and (rescued := stage.rescue(request, given.status)) is not None:
                return rescued
            if isinstance(given, Problem):
                stage.after(request, given.reply())
                raise given
            stage.after(request, given)
            return given
        finally:
            stage.ended(request)

    def _answered(self, request: Asked, given: Reply) -> None:
        if self.code:
            request.reply = given
        if request.method not in {"GET", "HEAD", "OPTIONS"} and given.status < 400:
            self.cache.written(kept.written(request, given.fields))

    def now(self, request: Asked, answer: Reply | Problem = Problem(500, "x", "x", "not to be asked")) -> Reply:  # noqa: B008
        return asyncio.run(self.ask(request, answer))


def status_of(given: Reply) -> bytes:
    return given.get(b"cache-status")
