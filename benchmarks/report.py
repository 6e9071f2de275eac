"""What a benchmark found: figures, and those of them that have a target."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


class CannotMeasure(RuntimeError):
    """A benchmark cannot tell anything; the message says why, in one line where that is enough."""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that must be `at_least` or `at_most` a bound."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (self.at_most is None or self.value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Result:
    """A benchmark's outcome. `figures` are plain numbers with their unit in the name."""

    name: str
    targets: tuple[Target, ...]
    figures: Mapping[str, Any]
    machine: Mapping[str, Any] = field(default_factory=lambda: {"cpus": os.cpu_count(), "python": platform.python_version()})
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def met(self) -> bool:
        return all(target.met for target in self.targets)


def write(path: Path, result: Result) -> None:
    """The result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {**asdict(result), "met": result.met, "targets": [{**asdict(t), "met": t.met} for t in result.targets]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def show(result: Result) -> None:
    """The result for a person."""
    table = Table(title=f"{result.name}: {'met' if result.met else 'MISSED'}", title_justify="left")
    for column in ("figure", "value", "target"):
        table.add_column(column)
    for target in result.targets:
        bound = f"≥ {target.at_least:g}" if target.at_least is not None else f"≤ {target.at_most:g}"
        table.add_row(target.name, _told(target.value), f"{bound} {'met' if target.met else 'MISSED'}")
    for name, value in result.figures.items():
        table.add_row(name, _told(value), "")
    Console().print(table)


def _told(value: Any) -> str:
    """A number, or several, as exact as they are worth telling."""
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}"
