"""One kind of thing that must not be: how many there are, and at most ten of them in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """`count` is None where it was not measured."""

    count: int | None
    samples: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Iterable[str]) -> Self:
        count, samples = 0, []
        for words in found:
            count += 1
            if count <= SHOWN:
                samples.append(words)
        return cls(count, tuple(samples))

    @property
    def good(self) -> bool:
        """Measured, and none found."""
        return self.count == 0


NOT_MEASURED = Finding(None)
