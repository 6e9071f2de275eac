"""API keys of third parties: `Authorization: ApiKey <id>.<secret>`, or the same pair in `X-Api-Key`.

The keys come with the route feed, which tells only what they hash to (`chassis.callers.apikey`). A revoked key is one that the
feed no longer names; with control gone, keys go on working until they expire, and none can be revoked. It refuses to count: how
often a key may ask is told here and counted by `facade.identity.quota`.
"""

import hmac
import time
from collections.abc import Callable, Iterable

from chassis.callers import apikey
from facade.headers import Inbound
from facade.identity import refusals
from facade.identity.feed import ApiKey, Quota
from facade.identity.principal import Principal

SCHEME = b"apikey "

NOBODYS = ApiKey("", bytes(apikey.HASH_BYTES), frozenset())
"""Compared with where the id is unknown, so that a wrong id takes as long as a wrong secret."""


class ApiKeys:
    """The keys in force. `clock` is Unix seconds."""

    def __init__(self, keys: Iterable[ApiKey] = (), clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}
        self.replace(keys)

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Put these keys in force, and no others."""
        self._keys = {key.id: key for key in keys}

    def of(self, written: bytes) -> Principal:
        """Whose key this is. Raises a `Problem` with 401."""
        found = apikey.split(written)
        if found is None:
            raise refusals.bad_key("it is malformed")
        key_id, secret = found
        key = self._keys.get(key_id, NOBODYS)
        if not hmac.compare_digest(apikey.hashed(secret), key.hash):
            raise refusals.bad_key("it is unknown or was revoked")
        if key.expires <= self._clock():
            raise refusals.bad_key("it has expired")
        return key.principal

    def quota(self, key_id: str) -> Quota | None:
        """How often a key may ask; None for one without a limit of its own, or that is not in force."""
        key = self._keys.get(key_id)
        return key.quota if key is not None else None


def written_in(inbound: Inbound) -> bytes | None:
    """The API key that a request carries, as it is written; None without one. Raises a `Problem` for two credentials."""
    authorization = inbound.authorization
    written = None
    for name, value in inbound.fields:
        if name == b"x-api-key":
            if authorization or written is not None:
                raise refusals.ambiguous()
            written = value
    return authorization[len(SCHEME) :].strip(b" ") if authorization[: len(SCHEME)].lower() == SCHEME else written
