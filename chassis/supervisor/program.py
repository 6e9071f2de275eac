"""What is run: a name, a command, its environment, and how to see that it is ready."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chassis.supervisor import backoff

Probe = Callable[[], bool]


def always_ready() -> bool:
    """The probe of a program that serves nobody: it is ready once it runs."""
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """One supervised process.

    `environment` is added to the supervisor's own; `ready` is asked every 50 ms until it says yes, and again
    after each restart; after `stop_signal` the process has `stop_seconds` to end by itself; after a crash it is started
    again within `longest_pause` seconds; `folder` is its working directory.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Probe = always_ready
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    folder: Path | None = None
    longest_pause: float = backoff.LONGEST_SECONDS
