"""The stage that holds an API key to its own limit, over all routes together; the limits of routes are `facade.limits.stage`'s.

It refuses to remember what a key that was revoked or changed had left.
"""

from collections.abc import Awaitable
from dataclasses import dataclass

from facade.identity.apikeys import ApiKeys
from facade.identity.feed import Quota
from facade.limits.declared import By, Limit
from facade.limits.rule import Terms
from facade.limits.stage import Asked, RateLimit


@dataclass(frozen=True, slots=True)
class Counts:
    """For metrics, as those of a `Rule`."""

    asked: int = 0
    alone: int = 0
    refused: int = 0

    def plus(self, limit: RateLimit) -> "Counts":
        """With those of one more limit."""
        rules = limit.rules
        return Counts(
            self.asked + sum(rule.asked for rule in rules),
            self.alone + sum(rule.alone for rule in rules),
            self.refused + sum(rule.refused for rule in rules),
        )


class KeyQuota:
    """Built once for all routes, and stands after `Authenticate`. Users and the anonymous pass."""

    name = "key-quota"

    def __init__(self, keys: ApiKeys, terms: Terms) -> None:
        self._keys = keys
        self._terms = terms
        self._limits: dict[str, tuple[Quota, RateLimit]] = {}
        self._past = Counts()

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

    def rehearse(self, request: Asked) -> str | None:
        """Raises as `before` would, and counts nothing."""
        limit = self._limit(request.principal.id) if request.principal.kind == "key" else None
        return None if limit is None else limit.rehearse(request)

    @property
    def counts(self) -> Counts:
        """Of all keys together, those that are gone included."""
        total = self._past
        for _, limit in self._limits.values():
            total = total.plus(limit)
        return total

    def forget(self) -> None:
        """Drop the limits of keys that are gone; to be called when the keys change."""
        for key in [key for key, kept in self._limits.items() if self._keys.quota(key) != kept[0]]:
            self._drop(key)

    def _limit(self, key: str) -> RateLimit | None:
        quota = self._keys.quota(key)
        if quota is None:
            return None
        known = self._limits.get(key)
        if known is not None and known[0] != quota:
            self._drop(key)
            known = None
        if known is None:
            limit = Limit(quota.requests, quota.seconds, By.KEY)
            known = self._limits[key] = quota, RateLimit([limit], f"apikey:{key}", self._terms, label="own-")
        return known[1]

    def _drop(self, key: str) -> None:
        """What it has counted goes on being counted."""
        self._past = self._past.plus(self._limits.pop(key)[1])
