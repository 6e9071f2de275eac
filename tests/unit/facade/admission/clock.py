"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits, and nothing is going to happen"
        self.now += max(0.0, timeout)
        return super().select(0)


class MadeUpLoop(asyncio.SelectorEventLoop):
    """Starts at 0. What is done in it takes no time, unless it says so by `spend`."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def spend(self, seconds: float) -> None:
        """Be busy for so long."""
        self._jumping.now += seconds


def run(main: Coroutine[None, None, T]) -> T:
    """Run `main` to its end in made-up time."""
    with asyncio.Runner(loop_factory=MadeUpLoop) as runner:
        return runner.run(main)
