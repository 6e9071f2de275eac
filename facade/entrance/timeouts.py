"""How long clients may take."""

from dataclasses import dataclass
from typing import Protocol


class Limits(Protocol):
    """Times in seconds."""

    @property
    def head_timeout(self) -> float:
        """From the first byte of a request to the end of its head."""

    @property
    def body_timeout(self) -> float:
        """For silence in the middle of a request's body, or of a client that takes next to nothing of its answer."""

    @property
    def keep_alive(self) -> float:
        """For silence between two requests."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """What clients are allowed, in seconds; see `Limits`."""

    head_timeout: float = 10.0
    body_timeout: float = 30.0
    keep_alive: float = 75.0
