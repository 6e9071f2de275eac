"""How far a benchmark is, on standard error: what it measures now, and about how long it will still take."""

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

Clock = Callable[[], float]
_CLEAR = "\r\x1b[K"
_NEARLY = 0.99
"""The share that is not exceeded while there are steps: what was expected is a guess."""
_TRUST = 30.0
"""Seconds for which what was expected counts beside what was seen; without it, a slow start would foretell hours."""


class Progress:
    """Steps in their order, each with the seconds that it takes on a machine like that of the figures, roughly.

    A terminal gets one line that is written over; anything else gets a line for each new step, since nothing can be taken back
    there.
    """

    def __init__(self, name: str, out: TextIO | None = None, clock: Clock = time.monotonic) -> None:
        self._name = name
        self._out = out or sys.stderr
        self._clock = clock
        self._began = clock()
        self._expected = self._done = self._current = 0.0
        self._step = ""

    def expect(self, seconds: float) -> None:
        """So much is to come altogether."""
        self._expected = seconds

    def step(self, step: str, seconds: float, detail: str = "") -> None:
        """The last step is over, and this one begins. `detail` is for those who watch."""
        self._done += self._current
        self._current = seconds
        share = min(self._done / self._expected, _NEARLY) if self._expected else 0.0
        line = f"{self._name}: {share:4.0%}, {_told(self._left(share))} left  {step}"
        if self._out.isatty():
            # No longer than the terminal is wide: of two lines, only the last one could be written over.
            self._out.write(_CLEAR + f"{line}{detail and ': '}{detail}"[: shutil.get_terminal_size().columns - 1])
        elif step != self._step:
            self._out.write(f"{line}\n")
        self._out.flush()
        self._step = step

    def end(self) -> None:
        """Leave the terminal's line to others."""
        if self._out.isatty():
            self._out.write(_CLEAR)
            self._out.flush()

    def _left(self, share: float) -> float:
        """Seconds: what was expected of the rest, at the pace so far."""
        pace = (self._clock() - self._began + _TRUST) / (self._done + _TRUST)
        return self._expected * (1 - share) * pace


def _told(seconds: float) -> str:
    return f"about {seconds / 60:.0f} min" if seconds >= 90 else f"about {seconds:.0f} s"
