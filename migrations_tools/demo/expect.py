"""What a customer's acknowledged writes require of any later look at that customer.

What can be written is named by slots: "nickname", "preferences", "address:17", "order:SO-12". A look yields {slot: value}; a slot
that is absent from it has the value None. Each slot must show its last acknowledged value, or one whose write got no clear
answer (which may still land at any time). A slot that nobody wrote promises nothing, nor does one that was let go by `ANYTHING`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ANYTHING = "*"
"""An acknowledged value that takes the slot's promise back."""


@dataclass(slots=True)
class Slot:
    """`acknowledged`: whether anything was promised; `value`: what; `possible`: values of writes without a clear answer."""

    acknowledged: bool = False
    value: Any = None
    possible: list[Any] = field(default_factory=list)

    def allows(self, seen: Any) -> bool:
        return not self.acknowledged or seen == self.value or seen in self.possible

    @property
    def may_be_gone(self) -> bool:
        """Removed, or the object of a removal without a clear answer."""
        return self.value is None or None in self.possible


@dataclass(slots=True)
class Expectation:
    """All slots of one customer, in the order of their writes."""

    slots: dict[str, Slot] = field(default_factory=dict)

    def acknowledge(self, sets: Mapping[str, Any]) -> None:
        """These values are promised from now on. None says: gone."""
        for name, value in sets.items():
            slot = self.slots.pop(name, None) or Slot()
            if value == ANYTHING:
                continue
            slot.acknowledged, slot.value = True, value
            self.slots[name] = slot

    def doubt(self, sets: Mapping[str, Any]) -> None:
        """These values may have been written, or may yet be."""
        for name, value in sets.items():
            if value == ANYTHING:
                self.slots.pop(name, None)
            else:
                self.slots.setdefault(name, Slot()).possible.append(value)

    def missing(self, seen: Mapping[str, Any], names: Iterable[str]) -> list[str]:
        """What of the named slots a look misses, each as "slot: expected …, saw …"."""
        return [
            f"{name}: expected {slot.value!r}, saw {seen.get(name)!r}"
            for name in names
            if (slot := self.slots.get(name)) is not None and not slot.allows(seen.get(name))
        ]

    def named(self, *prefixes: str) -> list[str]:
        """The promised slots that begin so, the latest last."""
        return [name for name, slot in self.slots.items() if slot.acknowledged and name.startswith(prefixes)]
