"""Numbers with their names, as they go from a worker to whoever adds them up, and from there to Prometheus as text.

Pure. It refuses to round: a version or a number of bytes of more than six digits is told whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

_LABEL = re.compile(r'(\w+)="([^"]*)"')
Series = tuple[str, str]
"""What comes after the name ("_bucket", "" for most), and the labels as they are written between the braces."""


class Across(StrEnum):
    """What one number is made of those of several workers: their sum, the largest, or none: each is told by itself."""

    SUM = "sum"
    LARGEST = "largest"
    EACH = "each"


@dataclass(frozen=True, slots=True)
class Family:
    """All numbers of one name. `kind`: counter, gauge or histogram."""

    name: str
    kind: str
    explanation: str
    across: Across
    samples: Mapping[Series, float]

    @property
    def counts(self) -> bool:
        """Whether its numbers only grow, as long as the process lives."""
        return self.kind != "gauge"

    def plain(self) -> list[Any]:
        """For JSON."""
        samples = [[suffix, labels, value] for (suffix, labels), value in self.samples.items()]
        return [self.name, self.kind, self.explanation, self.across.value, samples]

    @classmethod
    def of(cls, plain: Any) -> Self:
        """From what `plain` gave."""
        name, kind, explanation, across, samples = plain
        return cls(name, kind, explanation, Across(across), {(suffix, labels): value for suffix, labels, value in samples})


def labels(**pairs: str) -> str:
    """Labels as they are written."""
    return ",".join(f'{name}="{value}"' for name, value in pairs.items())


def pairs(written: str) -> dict[str, str]:
    """Labels from how they are written."""
    return dict(_LABEL.findall(written))


def text(families: Iterable[Family]) -> str:
    """In Prometheus' format, version 0.0.4."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.explanation}"
    yield f"# TYPE {family.name} {family.kind}"
    for (suffix, written), value in family.samples.items():
        braces = f"{{{written}}}" if written else ""
        yield f"{family.name}{suffix}{braces} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.6f}"
