"""What a route declares: `600/1m per ip`, `20/1s per key fail closed`. It refuses what it would have to guess."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

_FORM: Final = re.compile(r"(?P<count>\d+) ?/ ?(?P<number>\d*)(?P<unit>[a-z]+) per (?P<by>[a-z]+)(?: fail (?P<fail>[a-z]+))?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST: Final = 86_400
_MOST: Final = 10_000_000
_SHARE: Final = 20

_Choice = TypeVar("_Choice", bound=StrEnum)


class BadLimit(ValueError):
    """A declaration that is no limit; the message names what is wrong with it."""


class By(StrEnum):
    """Whose requests are counted together: an address (a /64 network of IPv6), a signed-in user, an API key."""

    IP = "ip"
    SUBJECT = "subject"
    KEY = "key"


class Fail(StrEnum):
    """What happens while Valkey cannot be asked: each worker counts its share of the limit alone, or every request is refused."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` requests in `window` seconds."""

    count: int
    window: int
    by: By
    fail: Fail = Fail.OPEN

    @property
    def name(self) -> str:
        """How the `RateLimit` fields call it; unique on a route."""
        return f"{self.by}-{_short(self.window)}"

    @property
    def chunk(self) -> int:
        """The most that a worker leases ahead: a twentieth; limits below 40 are counted one by one."""
        return max(1, self.count // _SHARE)

    def __str__(self) -> str:
        return f"{self.count}/{_short(self.window)} per {self.by}"


def parse(text: str) -> Limit:
    """One declaration. Raises `BadLimit`."""
    found = _FORM.fullmatch(" ".join(text.split()))
    if found is None:
        raise BadLimit(f"{text!r} is no rate limit; it is written like '600/1m per ip' or '20/1s per key fail closed'")
    count, unit = int(found["count"]), found["unit"]
    if unit not in _SECONDS:
        raise BadLimit(f"{text!r}: the unit {unit!r} is not one of s, m, h, d")
    window = int(found["number"] or 1) * _SECONDS[unit]
    if not 1 <= count <= _MOST:
        raise BadLimit(f"{text!r}: the count is between 1 and {_MOST}")
    if not 1 <= window <= _LONGEST:
        raise BadLimit(f"{text!r}: the window is between 1s and 1d")
    return Limit(count, window, _one_of(By, found["by"], text), _one_of(Fail, found["fail"] or "open", text))


def parse_all(texts: list[str]) -> tuple[Limit, ...]:
    """All limits of a route, which are asked in this order. Raises `BadLimit` that tells every mistake at once."""
    limits: list[Limit] = []
    wrong: list[str] = []
    for text in texts:
        try:
            limit = parse(text)
        except BadLimit as error:
            wrong.append(str(error))
            continue
        if any(limit.name == other.name for other in limits):
            wrong.append(f"{text!r}: the route has a limit per {limit.by} for this window already")
        limits.append(limit)
    if wrong:
        raise BadLimit("; ".join(wrong))
    return tuple(limits)


def _one_of(choices: type[_Choice], value: str, text: str) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        raise BadLimit(f"{text!r}: {value!r} is not one of {', '.join(choices)}") from None


def _short(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
