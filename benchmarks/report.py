"""What a benchmark found: figures, and those of them that have a bound; kept as JSON."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


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
    """A benchmark's outcome. `figures` are plain numbers with their unit in the name. `scale`: the size that it was run at; the
    bounds are meant for 1.
    """

    name: str
    targets: tuple[Target, ...]
    figures: Mapping[str, Any]
    machine: Mapping[str, Any] = field(default_factory=lambda: {"cpus": os.cpu_count(), "python": platform.python_version()})
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    scale: float = 1.0

    @property
    def met(self) -> bool:
        return all(target.met for target in self.targets)

    @property
    def quick(self) -> bool:
        """Whether it was a look only: smaller than what the bounds are meant for."""
        return self.scale < 1


def write(path: Path, result: Result) -> None:
    """The result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    targets = [{**asdict(target), "met": target.met} for target in result.targets]
    document = {**asdict(result), "quick": result.quick, "met": result.met, "targets": targets}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Result:
    """The result that was written there. Raises OSError."""
    found = json.loads(path.read_text(encoding="utf-8"))
    targets = tuple(Target(**{key: value for key, value in target.items() if key != "met"}) for target in found["targets"])
    kept = {key: found[key] for key in ("name", "figures", "machine", "at", "scale")}
    return Result(targets=targets, **kept)
