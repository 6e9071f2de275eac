"""The numbers of all resilience policies with their defaults, as they are declared per upstream.

A declaration that is wrong is refused as a whole, with everything that is wrong about it: half a set of limits would
show only under the load it was meant for. Times are seconds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, get_args, get_type_hints

_NO_LIMIT = float("inf")
_UNCLAIMED = "-"
_TARGET = re.compile(r"/[!-\"$-~]*")


class InvalidResilience(ValueError):
    """The declaration does not say how an upstream is to be protected. `errors` names every entry that is wrong."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


def _value(default: float, least: float, most: float = _NO_LIMIT) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


class _Part:
    """A table of the declaration: its fields are its keys."""

    __slots__ = ()

    def rules(self) -> Iterator[str]:
        """What must hold between the fields and does not."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Breaker(_Part):
    """When an upstream is left alone, and how it is tried again."""

    window: float = _value(10.0, 0.1)
    """The time over which failures are counted."""

    buckets: int = _value(10, 1, 1000)
    """The steps in which that time moves on."""

    minimum: int = _value(20, 1)
    """Fewer requests than this in the window prove nothing."""

    failure_rate: float = _value(0.5, 0.001, 1)
    """The share of failures from which on it opens."""

    slow_seconds: float = _value(0, 0)
    """An answer's head that took longer is slow; 0: none is."""

    slow_rate: float = _value(0.8, 0.001, 1)
    """The share of slow answers from which on it opens."""

    open_seconds: float = _value(0.5, 0.01)
    """How long it stays open the first time; each failed trial doubles it."""

    longest_open: float = _value(10.0, 0.01)
    """How far that grows."""

    probes: int = _value(3, 1)
    """How many requests try the upstream while it is half open; all must succeed."""

    def rules(self) -> Iterator[str]:
        if self.longest_open < self.open_seconds:
            yield "longest_open is less than open_seconds"


@dataclass(frozen=True, slots=True)
class Retries(_Part):
    """What repetitions may add to the load of an upstream."""

    window: float = _value(10.0, 1, 60)
    """The time over which requests and repetitions are counted."""

    share: float = _value(0.1, 0, 1)
    """Repetitions per request."""

    per_second: float = _value(10.0, 0)
    """Repetitions that a quiet upstream may get all the same, in the mean of the window."""


@dataclass(frozen=True, slots=True)
class Backoff(_Part):
    """Pauses before repetitions."""

    first: float = _value(0.025, 0.001)
    """The longest that the first pause may be; it doubles with each."""

    longest: float = _value(0.4, 0.001)
    """How far that grows."""

    def rules(self) -> Iterator[str]:
        if self.longest < self.first:
            yield "longest is less than first"


@dataclass(frozen=True, slots=True)
class Bulkhead(_Part):
    """How much of the facade one upstream may hold, and within which bounds a lower limit is learnt."""

    most: int = _value(1024, 1)
    """Exchanges under way at once."""

    least: int = _value(8, 1)
    """As many are asked at once however slow the answers are; `most` for a limit that is not learnt."""

    tolerated: float = _value(0.05, 0)
    """Answers that take so much longer than usual are no sign of too much."""

    waiting: int = _value(4096, 0)
    """Requests that may wait for a place; of further ones those that matter least are refused at once."""

    longest_wait: float = _value(1.0, 0)
    """How long they may wait."""


@dataclass(frozen=True, slots=True)
class Deadline(_Part):
    """How long a request may take in all."""

    total: float = _value(60.0, 0.001)
    """Without a claim of the client."""

    most: float = _value(60.0, 0.001)
    """The longest that a client may claim for itself."""


@dataclass(frozen=True, slots=True)
class Timeouts(_Part):
    """How long one attempt waits."""

    connect: float = _value(1.0, 0.01)
    """For a connection."""

    read: float = _value(30.0, 0.01)
    """For silence in which an answer, or the next part of one, is expected."""

    replica: float = _value(3.0, 0.01)
    """The same for the answer to a read at the side without authority; after it the authority is asked."""

    whole: float = _value(600.0, 0)
    """From the sending of the request to the end of its answer, however much is said meanwhile; 0: no limit. Answers that may
    never end (`text/event-stream` and the like) and websockets have none. An answer that is passed on only once it is whole
    must be there within the request's deadline as well.
    """


@dataclass(frozen=True, slots=True)
class Ejection(_Part):
    """When one instance of several is left alone."""

    failures: int = _value(5, 1)
    """Failures in a row."""

    seconds: float = _value(2.0, 0.01)
    """How long the first time; as often longer as it has happened lately."""

    longest: float = _value(30.0, 0.01)
    """How far that grows."""

    share: float = _value(0.5, 0, 1)
    """Of the instances, how many may be left alone at once. One always stays."""

    def rules(self) -> Iterator[str]:
        if self.longest < self.seconds:
            yield "longest is less than seconds"


@dataclass(frozen=True, slots=True)
class Health(_Part):
    """How each instance is asked whether it can serve; an answer of 2xx says so."""

    path: str = "/readyz"
    """What is asked for, by GET."""

    interval: float = _value(2.0, 0.1)
    """From the end of a check to the next, in the mean: early or late by up to a quarter, so that facades do not ask in step."""

    timeout: float = _value(1.0, 0.01)
    """For the whole answer."""

    unhealthy_after: int = _value(3, 1)
    """Failed checks in a row, after which it is left alone. Where all fail, all are asked."""

    healthy_after: int = _value(2, 1)
    """Good ones in a row, after which it is asked again."""


@dataclass(frozen=True, slots=True)
class Resilience(_Part):
    """All of it, for one upstream. A part that may be None is off unless it is declared, and `false` takes it back."""

    breaker: Breaker = field(default_factory=Breaker)
    retries: Retries = field(default_factory=Retries)
    backoff: Backoff = field(default_factory=Backoff)
    bulkhead: Bulkhead = field(default_factory=Bulkhead)
    deadline: Deadline = field(default_factory=Deadline)
    timeouts: Timeouts = field(default_factory=Timeouts)
    ejection: Ejection = field(default_factory=Ejection)
    health: Health | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """From a table of tables, as TOML gives it; what is left out has its default. Raises `InvalidResilience`."""
        errors: list[str] = []
        kinds = get_type_hints(cls)
        errors += [f"{name}: there is no such table" for name in raw.keys() - kinds.keys()]
        parts = {name: _part(kinds[name], name, table, errors) for name, table in raw.items() if name in kinds}
        if errors:
            raise InvalidResilience(sorted(errors))
        return cls(**parts)


@dataclass(frozen=True, slots=True)
class Declaration:
    """The numbers of all upstreams: those of a context, or else the default's."""

    default: Resilience = field(default_factory=Resilience)
    contexts: Mapping[str, Resilience] = field(default_factory=dict)

    def of(self, context: str) -> Resilience:
        """The numbers for this context, on either side."""
        return self.contexts.get(context, self.default)

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """From `{"default": …, context: …}`, each as `Resilience.parse` takes it; what a context leaves out is the default's.
        Paths that no context claims have the numbers of "monolith".

        Raises `InvalidResilience` with the errors of all of them.
        """
        errors: list[str] = []
        base: Mapping[str, Any] = {}
        parsed: dict[str, Resilience] = {}
        for name in ("default", *(name for name in raw if name != "default")):
            own = raw.get(name, {})
            if not isinstance(own, Mapping):
                errors.append(f"{name}: is {own!r}, which is no table")
                continue
            table = _over(base, own)
            try:
                parsed[name] = Resilience.parse(table)
            except InvalidResilience as error:
                errors += [f"{name}.{one}" for one in error.errors]
            else:
                base = table if name == "default" else base
        if errors:
            raise InvalidResilience(errors)
        if "monolith" in parsed:
            parsed[_UNCLAIMED] = parsed["monolith"]
        return cls(parsed.pop("default"), parsed)


def _over(base: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entries of `table`, and those of `base` that it leaves out."""
    laid = {name: {**base.get(name, {}), **part} if isinstance(part, Mapping) else part for name, part in table.items()}
    return {**base, **laid}


def _part(hint: Any, name: str, table: Any, errors: list[str]) -> Any:
    kind, *off = get_args(hint) or (hint,)
    if off and table is False:
        return None
    if not isinstance(table, Mapping):
        errors.append(f"{name}: is {table!r}, which is no table")
        return None
    known = {entry.name: entry for entry in fields(kind)}
    hints = get_type_hints(kind)
    found = len(errors)
    for key, value in table.items():
        if key not in known:
            errors.append(f"{name}.{key}: there is no such entry")
        elif (error := _wrong(value, hints[key], known[key].metadata)) is not None:
            errors.append(f"{name}.{key}: is {value!r}, {error}")
    if len(errors) > found:
        return None
    part = kind(**table)
    errors += [f"{name}: {broken}" for broken in part.rules()]
    return part


def _wrong(value: Any, kind: type, limits: Mapping[str, float]) -> str | None:
    if kind is str:
        return None if isinstance(value, str) and _TARGET.fullmatch(value) else "which is no path"
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        return "which is no whole number" if kind is int else "which is no number"
    least, most = limits["least"], limits["most"]
    if not least <= value <= most or value == _NO_LIMIT:
        return f"which is not within {least:g} and {most:g}" if most < _NO_LIMIT else f"which is not {least:g} or a finite more"
    return None
