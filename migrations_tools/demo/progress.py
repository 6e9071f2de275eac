"""What the terminal shows while the run goes on: phase, rate, latency, lag and failures, from the journal as it grows."""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from migrations_tools.demo.facts import Run
from migrations_tools.demo.lag import LagSampler
from migrations_tools.demo.record import Ended, Tail
from migrations_tools.demo.timeline import Latencies

WINDOW = 3.0
EVERY, EVERY_LINE = 0.5, 5.0


class Progress:
    """One line that is rewritten, or on a console that is no terminal a line every few seconds."""

    def __init__(self, console: Console, run: Run, journal: Path, lag: LagSampler) -> None:
        self._console, self._run, self._lag = console, run, lag
        self._tail, self._doing = Tail(journal), ""
        self._recent: deque[Ended] = deque()
        self._requests = self._failed = self._stale = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def doing(self, what: str) -> None:
        """What is under way; empty: only traffic."""
        self._doing = what
        if what:
            self._console.print(Text(f"  {time.time() - self._run.began:5.1f} s  {what}", style="dim"))

    def _show(self) -> None:
        if not self._console.is_terminal:
            self._repeat(EVERY_LINE, self._console.print)
            return
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            self._repeat(EVERY, lambda text: live.update(text, refresh=True))

    def _repeat(self, seconds: float, show: Callable[[Text], None]) -> None:
        while not self._over.wait(seconds):
            self._read()
            show(self._line())

    def _read(self) -> None:
        for entry in self._tail.entries():
            if isinstance(entry, Ended):
                self._recent.append(entry)
                self._requests += 1
                self._failed += entry.failed
                self._stale += bool(entry.missing)
        oldest = time.time() - WINDOW
        while self._recent and self._recent[0].answered < oldest:
            self._recent.popleft()

    def _line(self) -> Text:
        seen = Latencies.of(list(self._recent))
        lag = self._lag.samples[-1].seconds if self._lag.samples else 0.0
        stage = self._run.stages[-1].name if self._run.stages else "starting"
        text = Text(f"  {time.time() - self._run.began:5.1f} s  ")
        text.append(f"{stage:<13}", style="bold cyan")
        text.append(f" {seen.count / WINDOW:5.0f} req/s  p50 {seen.p50:5.1f}  p99 {seen.p99:6.1f} ms  lag {lag:4.2f} s  ")
        text.append(f"failed {self._failed}  stale {self._stale}", style="bold red" if self._failed or self._stale else "green")
        return text.append(f"  of {self._requests:,}", style="dim")
