"""The stage that holds an API key to its own limit, over all routes together; the limits of routes are `facade.limits.stage`'s.

It refuses to remember what a key that was revoked or changed had left.
"""

from collections.abc import Awaitable

from facade.identity.apikeys import ApiKeys
from facade.identity.feed import Quota
from facade.limits.declared import By, Limit
from facade.limits.rule import Terms
from facade.limits.stage import Asked, RateLimit


class KeyQuota:
    """Built once for all routes, and stands after `Authenticate`. Users and the anonymous pass."""

    name = "key-quota"

    def __init__(self, keys: ApiKeys, terms: Terms) -> None:
        self._keys = keys
        self._terms = terms
        self._limits: dict[str, tuple[Quota, RateLimit]] = {}

    def before(self, request: Asked) -> Awaitable[None] | None:
        """Raises a `Problem` with 429 when the key has asked too often."""
        if request.principal.kind != "key":
            return None
        limit = self._limit(request.principal.id)
        return None if limit is None else limit.before(request)

    def explain(self, request: Asked) -> str:
        """The key's limit, and what this worker knows of it."""
        limit = self._limit(request.principal.id) if request.principal.kind == "key" else None
        return "no limit of its own" if limit is None else limit.explain(request)

    def forget(self) -> None:
        """Drop the limits of keys that are gone; to be called when the keys change."""
        self._limits = {key: kept for key, kept in self._limits.items() if self._keys.quota(key) == kept[0]}

    def _limit(self, key: str) -> RateLimit | None:
        quota = self._keys.quota(key)
        if quota is None:
            return None
        known = self._limits.get(key)
        if known is None or known[0] != quota:
            limit = Limit(quota.requests, quota.seconds, By.KEY)
            known = self._limits[key] = quota, RateLimit([limit], f"apikey:{key}", self._terms, label="own-")
        return known[1]
