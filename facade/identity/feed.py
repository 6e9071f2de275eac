"""What the route feed tells of API keys: values without any input or output, since the route table is made of them."""

from dataclasses import dataclass, field
from math import inf
from typing import Any, Self

from chassis.callers import apikey
from facade.identity.principal import Principal

_MOST = 100_000


class BadKeys(ValueError):
    """What the feed says of API keys cannot be read."""


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in a window of so many seconds."""

    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the feed tells it. `hash` is what its secret hashes to, `expires` is Unix seconds, `inf` for never."""

    id: str
    hash: bytes
    scopes: frozenset[str]
    quota: Quota | None = None
    expires: float = inf
    principal: Principal = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "principal", Principal("key", self.id, self.scopes))

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """From an entry of the feed's `api_keys`. Raises `BadKeys`."""
        try:
            quota, expires = raw["limit"], raw["expires"]
            key = cls(
                id=str(raw["id"]),
                hash=bytes.fromhex(raw["hash"]),
                scopes=frozenset(str(scope) for scope in raw["scopes"]),
                quota=None if quota is None else Quota(int(quota["requests"]), int(quota["seconds"])),
                expires=inf if expires is None else float(expires),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadKeys(f"an API key of the feed cannot be read: {error!r}") from error
        if len(key.hash) != apikey.HASH_BYTES or not key.id or (key.quota and min(key.quota.requests, key.quota.seconds) < 1):
            raise BadKeys(f"the API key {key.id!r} of the feed cannot be used")
        return key


def parse(raw: Any) -> tuple[ApiKey, ...]:
    """The feed's `api_keys`, decoded JSON: a list of {"id", "hash" (hex), "scopes", "limit" ({"requests", "seconds"} or null),
    "expires" (Unix seconds or null)}. Raises `BadKeys`, for all when one cannot be read.
    """
    if not isinstance(raw, list) or len(raw) > _MOST:
        raise BadKeys(f"`api_keys` is no list of at most {_MOST} keys")
    return tuple(ApiKey.parse(entry) for entry in raw)
