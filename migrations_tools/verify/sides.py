"""What a comparison asks of a side. `migrations_tools.relay.sides.Side` answers it."""

from collections.abc import Sequence
from typing import Any, Protocol


class Compared(Protocol):
    """One side of a context. Keys are the aggregates' integers; documents are canonical."""

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        """Up to `limit` keys above `after`, ascending, from this side's own tables."""
        ...

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        """How many aggregates have a key in `low`..`high`, both included, and the digest of their
        documents.
        """
        ...

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The documents of those `keys` that exist."""
        ...

    def count(self, aggregate: str) -> int:
        """How many aggregates there are."""
        ...


class Source(Compared, Protocol):
    """The side with authority, whose changes are replicated to the other."""

    def horizon(self) -> int:
        """The transaction id below which everything has been applied to the other side."""
        ...

    def pending(self, aggregate: str, keys: Sequence[int]) -> dict[int, int]:
        """{number of the change: key} of the changes of `keys` that are captured and not known to
        be applied.
        """
        ...

    def parked(self, aggregate: str, keys: Sequence[int]) -> set[int]:
        """Those of `keys` that the relay has given up on until somebody replays them."""
        ...

    def enqueue(self, aggregate: str, keys: Sequence[int]) -> None:
        """Replicate these aggregates again."""
        ...
