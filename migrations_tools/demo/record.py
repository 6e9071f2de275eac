"""The journal of a run: one JSON line for every request begun that writes, and for every request ended.

It is append-only and written past Python's buffers, so that it survives the death of the generator: a write that was begun and
has no end is one whose outcome is unknown. Nothing else passes between the generator and those who watch or judge it.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson


class Outcome(StrEnum):
    """What became of a request, seen from outside; UNKNOWN: no answer came, so it may have been executed."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Begun:
    """A write that is about to be sent: whose, and what it will set (see `expect`)."""

    n: int
    at: float
    op: str
    who: str
    sets: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that is over. `at`: when it was due (Unix seconds); `took`: seconds from then to the answer; `late`: the
    part of it before it was sent; `sets`: what the answer acknowledged; `missing`: acknowledged writes that a read missed."""

    n: int
    at: float
    op: str
    who: str
    outcome: Outcome
    status: int
    took: float
    late: float = 0.0
    write: bool = False
    sets: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def answered(self) -> float:
        """When the answer was there, in Unix seconds."""
        return self.at + self.took

    @property
    def failed(self) -> bool:
        return self.outcome in (Outcome.FAILED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Opened:
    """The schedule starts: everything before was customers signing in."""

    at: float
    run: str
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class Drained:
    """The schedule is over and nothing is in flight; what follows is the last look through the facade."""

    at: float


@dataclass(frozen=True, slots=True)
class Closed:
    """The generator ended of its own will; `cpu`: the processor seconds that it took in all."""

    at: float
    cpu: float


Entry = Begun | Ended | Opened | Drained | Closed
_KINDS: dict[str, type[Entry]] = {kind.__name__.lower(): kind for kind in (Begun, Ended, Opened, Drained, Closed)}
_NAMES = {kind: name for name, kind in _KINDS.items()}


class Journal:
    """The writing end. Each entry is one write() of one line, so two entries never mix and a torn one can only be the last."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._file)

    def append(self, entry: Entry) -> None:
        os.write(self._file, orjson.dumps({"is": _NAMES[type(entry)], **asdict(entry)}) + b"\n")


class Tail:
    """Reads a journal as it grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0

    def entries(self) -> Iterator[Entry]:
        """The complete entries since the last call; none while there is no file."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield _entry(line)


def entries(path: Path) -> Iterator[Entry]:
    """All complete entries of a journal. Raises FileNotFoundError: a run without a journal proves nothing."""
    path.stat()
    yield from Tail(path).entries()


def _entry(line: bytes) -> Entry:
    fields = orjson.loads(line)
    kind = _KINDS[fields.pop("is")]
    if kind is Ended:
        fields["outcome"] = Outcome(fields["outcome"])
    return kind(**fields)
