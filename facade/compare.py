"""Where two JSON answers differ, as pointers; and which of these differences are noise.

Pure. A pointer is a JSON pointer (RFC 6901) with `*` for every place in a list. It refuses to call a difference noise
before the same side has differed from itself there in at least half of the times that it was asked twice.
"""

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

MOST_DIFFERENCES = 50
_MOST_SHAPES = 500
_MOST_POINTERS = 200
_FEWEST_SIGHTINGS = 2
_IDENTITY = re.compile(r"/(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-f]{32})(?=/|$)")
STATUS = "#status"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the decoded JSON body (None where there is none)."""

    status: int
    document: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which two answers differ; `old` and `new` are shortened for people."""

    pointer: str
    old: str
    new: str


def differences(old: Answer, new: Answer) -> list[Difference]:
    """All differences, at most `MOST_DIFFERENCES`."""
    found: list[Difference] = []
    if old.status != new.status:
        found.append(Difference(STATUS, str(old.status), str(new.status)))
    _walk("", old.document, new.document, found)
    return found


def _walk(pointer: str, old: Any, new: Any, found: list[Difference]) -> None:
    if len(found) >= MOST_DIFFERENCES:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            step = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in old and key in new:
                _walk(step, old[key], new[key], found)
            else:
                found.append(Difference(step, _short(old.get(key, ...)), _short(new.get(key, ...))))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for left, right in zip(old, new, strict=True):
            _walk(f"{pointer}/*", left, right, found)
    elif type(old) is not type(new) or old != new:
        found.append(Difference(pointer, _short(old), _short(new)))


def _short(value: Any) -> str:
    text = "absent" if value is ... else repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def shape_of(path: str) -> str:
    """A path without the identities in it: what is noise in one such answer is noise in all."""
    return _IDENTITY.sub("/*", path)


@dataclass(slots=True)
class _Seen:
    asked: int = 0
    pointers: Counter[str] = field(default_factory=Counter)


class Noise:
    """What is known of fields that differ by themselves, by the shape of the path. Bounded; forgets the oldest."""

    def __init__(self) -> None:
        self._shapes: OrderedDict[str, _Seen] = OrderedDict()

    def learn(self, shape: str, self_differing: list[Difference]) -> None:
        """Take in that one side was asked twice, and where its two answers differed."""
        seen = self._shapes.setdefault(shape, _Seen())
        self._shapes.move_to_end(shape)
        if len(self._shapes) > _MOST_SHAPES:
            self._shapes.popitem(last=False)
        seen.asked += 1
        for pointer in {difference.pointer for difference in self_differing}:
            if pointer in seen.pointers or len(seen.pointers) < _MOST_POINTERS:
                seen.pointers[pointer] += 1

    def covers(self, shape: str, pointer: str) -> bool:
        """Whether differences there mean nothing."""
        seen = self._shapes.get(shape)
        if seen is None or pointer == STATUS:
            return False
        sightings = seen.pointers[pointer]
        return sightings >= _FEWEST_SIGHTINGS and sightings * 2 >= seen.asked
