"""Answers in memory, bounded by bytes and by number, the least recently used ones go first. Knows no HTTP rules and no clock.

An answer is found by its key and by the values of the request fields that its `Vary` names. All variants of a key have the same
`Vary`: when it changes, the older variants go, which costs a fetch and never gives a wrong answer.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from facade.http1.grammar import Pair
from facade.responses.freshness import Terms

_K = TypeVar("_K")
_V = TypeVar("_V")
Key = tuple[bytes, bytes, bytes]
"""Scheme, host and target of the request."""
Values = tuple[bytes, ...]
_OVERHEAD = 1024
"""Bytes that an answer takes beside its text: objects, index entries."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A kept answer. `paths`, decoded, are those that it is forgotten by; `values` are the request's, for the fields
    that `vary` names; `born` is the time of the clock at which its age was nought.
    """

    key: Key
    paths: tuple[str, ...]
    vary: tuple[bytes, ...]
    values: Values
    status: int
    fields: tuple[Pair, ...]
    body: bytes
    tags: frozenset[bytes]
    terms: Terms
    born: float

    @property
    def size(self) -> int:
        """Bytes that it is counted with."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.fields) + _OVERHEAD


class Store:
    """At most `most` answers with at most `room` bytes."""

    def __init__(self, room: int, most: int) -> None:
        self._room = room
        self._most = most
        self._used: OrderedDict[tuple[Key, Values], Stored] = OrderedDict()
        self._vary: dict[Key, tuple[bytes, ...]] = {}
        self._variants: dict[Key, set[Values]] = {}
        self._paths: dict[str, set[tuple[Key, Values]]] = {}
        self._tags: dict[bytes, set[tuple[Key, Values]]] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._used)

    def vary(self, key: Key) -> tuple[bytes, ...] | None:
        """The request fields that choose among the answers for a key; None without any answer."""
        return self._vary.get(key)

    def get(self, key: Key, values: Values) -> Stored | None:
        place = (key, values)
        found = self._used.get(place)
        if found is not None:
            self._used.move_to_end(place)
        return found

    def put(self, stored: Stored) -> None:
        """Keep an answer, in place of the one that is there. One that is larger than the whole room is not kept."""
        key, place = stored.key, (stored.key, stored.values)
        if self._vary.get(key, stored.vary) != stored.vary:
            self.drop_key(key)
        self._drop(place)
        if stored.size > self._room:
            return
        self._used[place] = stored
        self._vary[key] = stored.vary
        self._variants.setdefault(key, set()).add(stored.values)
        for path in stored.paths:
            self._paths.setdefault(path, set()).add(place)
        for tag in stored.tags:
            self._tags.setdefault(tag, set()).add(place)
        self.bytes += stored.size
        while self.bytes > self._room or len(self._used) > self._most:
            self._drop(next(iter(self._used)))

    def drop_key(self, key: Key) -> int:
        """Forget every variant of an answer; how many those were."""
        return sum(self._drop((key, values)) for values in tuple(self._variants.get(key, ())))

    def drop_path(self, path: str) -> int:
        """Forget every answer for a path, whatever its query and its variant; how many those were."""
        return sum(map(self.drop_key, {key for key, _ in self._paths.get(path, ())}))

    def drop_prefix(self, prefix: str) -> int:
        """The same for all paths that begin so, at the end of a segment. Looks at every path."""
        ended = prefix.rstrip("/")
        below = [path for path in self._paths if path == ended or path.startswith(ended + "/")]
        return sum(self.drop_path(path) for path in below)

    def drop_tags(self, tags: Iterable[bytes]) -> int:
        """The same for every answer that has one of these tags."""
        return sum(self._drop(place) for tag in tags for place in tuple(self._tags.get(tag, ())))

    def clear(self) -> None:
        """Forget everything."""
        while self._used:
            self._drop(next(iter(self._used)))

    def _drop(self, place: tuple[Key, Values]) -> bool:
        stored = self._used.pop(place, None)
        if stored is None:
            return False
        key = stored.key
        self.bytes -= stored.size
        for tag in stored.tags:
            _discard(self._tags, tag, place)
        _discard(self._variants, key, stored.values)
        if key not in self._variants:
            del self._vary[key]
        for path in stored.paths:
            _discard(self._paths, path, place)
        return True


def _discard(index: dict[_K, set[_V]], key: _K, value: _V) -> None:
    """Take a value out of an index; an empty set goes too, so that the index is as large as what is kept."""
    values = index[key]
    values.discard(value)
    if not values:
        del index[key]
