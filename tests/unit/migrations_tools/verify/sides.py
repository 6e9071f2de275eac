"""Two sides in memory, and a replication between them that a test can hold up."""

from collections.abc import Callable, Sequence
from typing import Any

from chassis.replica import digest

Document = dict[str, Any]


class MemorySide:
    """A side as `migrations_tools.verify.sides.Source` wants it; `on_read` may write behind the
    reader's back.
    """

    def __init__(self, documents: dict[int, Document] | None = None) -> None:
        self.held = documents or {}
        self.underway: dict[int, int] = {}
        self.given_up: set[int] = set()
        self.enqueued: list[int] = []
        self.reads = 0
        self.on_read: Callable[[int], None] = lambda _count: None

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        return sorted(key for key in self.held if key > after)[:limit]

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        found = {key: document for key, document in self.held.items() if low <= key <= high}
        return len(found), digest.of(found)

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, Document]:
        found = {key: dict(self.held[key]) for key in keys if key in self.held}
        self.reads += 1
        self.on_read(self.reads)
        return found

    def count(self, aggregate: str) -> int:
        return len(self.held)

    def horizon(self) -> int:
        return 0

    def pending(self, aggregate: str, keys: Sequence[int]) -> dict[int, int]:
        return {number: key for number, key in self.underway.items() if key in keys}

    def parked(self, aggregate: str, keys: Sequence[int]) -> set[int]:
        return self.given_up & set(keys)

    def enqueue(self, aggregate: str, keys: Sequence[int]) -> None:
        self.enqueued += keys


def users(*keys: int) -> dict[int, Document]:
    return {key: {"id": key, "email": f"user{key}@example.org"} for key in keys}
