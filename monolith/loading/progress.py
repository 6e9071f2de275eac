"""Shows how far a load is: bars with an ETA on a terminal, a line now and then elsewhere. Always on stderr."""

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

LINE_EVERY_SECONDS = 5.0


class Progress(Protocol):
    def start(self, stage: str, total: int, position: int) -> None: ...
    def reach(self, position: int) -> None: ...
    def finish(self) -> None: ...


class Bars:
    """One bar a stage, for a person at a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self._task = self._bars.add_task("", visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def start(self, stage: str, total: int, position: int) -> None:
        self._task = self._bars.add_task(stage, total=total, completed=position)

    def reach(self, position: int) -> None:
        self._bars.update(self._task, completed=position)

    def finish(self) -> None:
        self._bars.stop_task(self._task)


class Lines:
    """Plain lines for a log: a stage's start, its place every five seconds with the time left, its end."""

    def __init__(self) -> None:
        self._stage, self._total, self._first = "", 0, 0
        self._position, self._began, self._spoke = 0, 0.0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.stderr.flush()

    def start(self, stage: str, total: int, position: int) -> None:
        self._stage, self._total, self._first, self._position = stage, total, position, position
        self._began = self._spoke = time.monotonic()
        if position:
            self._say(f"goes on after {position:,} of {total:,}")

    def reach(self, position: int) -> None:
        self._position = position
        now = time.monotonic()
        if now - self._spoke < LINE_EVERY_SECONDS or position <= self._first:
            return
        self._spoke = now
        left = (now - self._began) / (position - self._first) * max(0, self._total - position)
        self._say(f"{position:,} of {self._total:,}, {left:.0f} s left")

    def finish(self) -> None:
        self._say(f"{self._position:,} of {self._total:,}, done in {time.monotonic() - self._began:.1f} s")

    def _say(self, words: str) -> None:
        print(f"load_data {self._stage}: {words}", file=sys.stderr)


class Silent:
    """For callers that have their own display."""

    def start(self, stage: str, total: int, position: int) -> None:
        del stage, total, position

    def reach(self, position: int) -> None:
        del position

    def finish(self) -> None:
        return


def shown() -> Bars | Lines:
    """The display that suits stderr."""
    console = Console(stderr=True)
    return Bars(console) if console.is_terminal else Lines()
