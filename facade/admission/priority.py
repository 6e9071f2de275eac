"""How much a request matters when not all can be served."""

from enum import IntEnum


class Priority(IntEnum):
    """In the order in which they are served; `of` reads a declaration."""

    CRITICAL = 0
    NORMAL = 1
    BACKGROUND = 2

    @classmethod
    def of(cls, name: str) -> "Priority":
        """From `critical`, `normal` or `background`. Raises `ValueError`."""
        for priority in cls:
            if priority.name.lower() == name:
                return priority
        raise ValueError(f"the priority {name!r} is not one of critical, normal, background")
