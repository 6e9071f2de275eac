"""A finished span, as a value, and what spans of HTTP say by OpenTelemetry's semantic conventions.

It refuses what callers choose freely where a backend makes an index of it: unknown methods have one name, paths are cut, and
queries, which carry secrets, are never told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from time import perf_counter_ns, time_ns
from typing import Protocol

Value = str | int | float | bool
LONGEST_PATH = 512
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
_OTHER = "_OTHER"
_PORTS = {"http": 80, "https": 443}


class Kind(Enum):
    """Which end of a call a span tells of."""

    SERVER = auto()
    CLIENT = auto()


@dataclass(frozen=True, slots=True)
class Span:
    """Ids are numbers, `parent_id` 0 where there is none; `remote`: the parent is another process's. Times are nanoseconds since
    1970.
    """

    name: str
    kind: Kind
    trace_id: int
    span_id: int
    parent_id: int
    remote: bool
    started: int
    ended: int
    attributes: Mapping[str, Value]
    failed: bool


class Sink(Protocol):
    """Where finished spans go."""

    def put(self, span: Span) -> None:
        """Take it, or drop it; at once."""


class Clock:
    """Nanoseconds since 1970 that never go back: what began before what followed shows so, whoever sets the machine's time."""

    __slots__ = ("_zero",)

    def __init__(self) -> None:
        self._zero = time_ns() - perf_counter_ns()

    def now(self) -> int:
        return self._zero + perf_counter_ns()


def name(method: str, route: str = "") -> str:
    """What a span of such requests is called."""
    known = method if method in _METHODS else "HTTP"
    return f"{known} {route}" if route else known


def path(target: str) -> str:
    """Of a request's target, what a span tells: it is cut, and its query left out."""
    return target.partition("?")[0][:LONGEST_PATH]


def asked(method: str) -> dict[str, Value]:
    """The attributes that tell of a method."""
    if method in _METHODS:
        return {"http.request.method": method}
    return {"http.request.method": _OTHER, "http.request.method_original": method[:32]}


def served(method: str, target: str, scheme: str, host: str) -> dict[str, Value]:
    """The attributes of a request that is served; `host` is its Host, "" without one."""
    return {**asked(method), "url.path": path(target), "url.scheme": scheme, **server(host, scheme)}


def server(host: str, scheme: str) -> dict[str, Value]:
    """The attributes that tell who is called, by a `host` with or without a port."""
    if not host:
        return {}
    address, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        address, port = host, ""
    return {"server.address": address.strip("[]"), "server.port": int(port) if port else _PORTS.get(scheme, 80)}
