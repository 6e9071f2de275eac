"""The books of a load: rows read, what became of each, and which rules were applied. A row that is read must be counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from monolith.loading.errors import Unaccounted


@dataclass
class Tally:
    """`outcomes` splits the rows read of a file into disjoint parts; `rules` counts applications, so its parts overlap."""

    read: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)

    def count(self, file: str, outcome: str, rows: int = 1) -> None:
        """`rows` input rows of `file` ended as `outcome`."""
        self.outcomes.setdefault(file, Counter())[outcome] += rows

    def add(self, other: Self) -> None:
        self.read += other.read
        self.rules += other.rules
        for file, parts in other.outcomes.items():
            self.outcomes[file] = self.outcomes.get(file, Counter()) + parts

    def settle(self) -> None:
        """Refuse with `Unaccounted` when a file's parts do not add up to the rows read of it."""
        for file in {*self.read, *self.outcomes}:
            counted = self.outcomes.get(file, Counter()).total()
            if counted != self.read[file]:
                raise Unaccounted(file, self.read[file], counted)

    def as_json(self) -> dict[str, Any]:
        return {
            "read": dict(self.read),
            "outcomes": {file: dict(parts) for file, parts in self.outcomes.items()},
            "rules": dict(self.rules),
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        outcomes = {file: Counter(parts) for file, parts in facts.get("outcomes", {}).items()}
        return cls(Counter(facts.get("read", {})), outcomes, Counter(facts.get("rules", {})))
