"""Coroutines that go on in the very callback that brings what they waited for.

A task goes on one turn of the event loop later, by way of a future, a handle and a context: three microseconds for each wait, of
which a request has two. A strand is resumed where the bytes arrive. Whoever resumes it must be done with its own state, since
anything may have happened when it returns.

A strand may await futures and tasks as well. It has no current task, which `asyncio.timeout` needs; `within` has one.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Final, TypeVar

Outcome = TypeVar("Outcome")


class Signal:
    """What one strand, or one task, waits for at a time. `waiting`: somebody does."""

    __slots__ = ("_future", "_loop", "_strand")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._strand: Strand | None = None
        self._future: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> bool:
        return self._strand is not None or self._future is not None

    def __await__(self) -> Generator[Any, None, None]:
        if _running.strand is not None:
            yield self
            return
        future = self._future = self._loop.create_future()
        try:
            yield from future
        finally:
            if self._future is future:
                self._future = None

    def fire(self) -> None:
        """Let who waits go on: a strand before this returns, a task in the loop's next turn. Nothing when nobody waits."""
        strand = self._strand
        if strand is not None:
            self._strand = None
            strand.resume()
        elif self._future is not None and not self._future.done():
            self._future.set_result(None)

    def hold(self, strand: "Strand") -> None:
        """This strand waits."""
        self._strand = strand


class _Running:
    """`strand`: whose code runs just now."""

    __slots__ = ("strand",)

    def __init__(self) -> None:
        self.strand: Strand | None = None


_running: Final = _Running()


class Strand:
    """One coroutine under way. It begins at once, and runs until its first wait before this returns."""

    __slots__ = ("_loop", "_work")

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
        self._loop = loop
        self._work = work
        self.resume()

    def resume(self) -> None:
        """Run until the next wait, or to the end. An error that the coroutine does not handle is told to the loop."""
        outer = _running.strand
        _running.strand = self
        try:
            waits = self._work.send(None)
        except (StopIteration, asyncio.CancelledError):  # what it waits for was given up: no mistake, least of all the firer's
            return
        except Exception as error:  # noqa: BLE001 - as for a task: nobody awaits it who could be told
            self._loop.call_exception_handler({"message": "a strand ended by an error", "exception": error})
            return
        finally:
            _running.strand = outer
        if isinstance(waits, Signal):
            waits.hold(self)
        elif waits is None:  # asyncio.sleep(0)
            self._loop.call_soon(self.resume)
        else:
            waits._asyncio_future_blocking = False
            waits.add_done_callback(self._done)

    def _done(self, future: object) -> None:  # noqa: ARG002 the coroutine asks the future itself
        self.resume()


async def within(seconds: float, work: Awaitable[Outcome]) -> Outcome:
    """What comes of `work`, in a task of its own. Raises `TimeoutError` when it takes longer."""
    return await asyncio.get_running_loop().create_task(_bounded(seconds, work))


async def _bounded(seconds: float, work: Awaitable[Outcome]) -> Outcome:
    async with asyncio.timeout(seconds):
        return await work
