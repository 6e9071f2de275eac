"""What a supervisor reports: status changes and lines of output, as values."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

Kind = Literal["started", "ready", "output", "crashed", "stopped", "platform-ready", "note"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the program `name` ("platform": to all of it).

    `output` carries a line as `text`; `crashed` the exit code (negative: the signal) and the seconds until
    the next start; `platform-ready` the addresses.
    """

    event: Kind
    name: str
    pid: int | None = None
    text: str | None = None
    code: int | None = None
    restart_in: float | None = None
    urls: Mapping[str, str] | None = None
    at: float = field(default_factory=time.time)

    def record(self) -> dict[str, object]:
        """As a JSON object: members that say nothing are left out; `at` is in Unix seconds."""
        return {name: value for name, value in asdict(self).items() if value is not None}


Report = Callable[[Event], None]
