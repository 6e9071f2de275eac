"""API keys of third parties: made, listed and revoked here, told to the facades with the routes.

A secret is shown once, to who made the key, and not kept. Nothing is ever deleted: a revoked key stays to be accounted for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from chassis.callers import apikey
from migrations_tools.control import feed, versions
from migrations_tools.control.models import ApiKey
from migrations_tools.control.router import DATABASE

_SCOPE = re.compile(r"[A-Za-z0-9._:/-]{1,80}")
_LONGEST_WINDOW = 86_400
_LIMIT = re.compile(r"([0-9]{1,9})/([0-9]{1,6})")


class BadRequest(ValueError):
    """The key that is asked for cannot be made."""


class UnknownKey(LookupError):
    """There is no key of this id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no API key {key_id!r}; see `manage.py apikey list --all`")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be made: for whom, what it may do, and `limit` as (requests, seconds) or None."""

    name: str
    scopes: tuple[str, ...] = ()
    limit: tuple[int, int] | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Raises `BadRequest`."""
        if not 0 < len(self.name.strip()) <= 120:
            raise BadRequest("a key needs a name of 1 to 120 characters, or nobody will know whose it is")
        for scope in self.scopes:
            if not _SCOPE.fullmatch(scope):
                raise BadRequest(f"{scope!r} is no scope: letters, digits and . _ : / -, at most 80")
        if self.limit is not None and (min(self.limit) < 1 or self.limit[1] > _LONGEST_WINDOW):
            raise BadRequest("a limit is at least one request in at least one second and at most a day")
        if self.expires_at is not None and self.expires_at <= timezone.now():
            raise BadRequest("a key that has expired already opens nothing")


def limit_of(text: str) -> tuple[int, int]:
    """The limit that "600/60" means: requests, seconds. Raises `BadRequest`."""
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise BadRequest(f"{text!r} is no limit; 600/60 means 600 requests in 60 seconds")
    return int(found[1]), int(found[2])


def create(wanted: Wanted, who: str) -> tuple[ApiKey, str]:
    """Make a key and tell the facades; the key, and what its owner is to send."""
    fresh = apikey.fresh()
    with transaction.atomic(using=DATABASE):
        versions.one_at_a_time()
        key = ApiKey.objects.create(
            id=fresh.id,
            name=wanted.name.strip(),
            hash=fresh.hash.hex(),
            scopes=sorted(set(wanted.scopes)),
            limit_requests=wanted.limit[0] if wanted.limit else None,
            limit_seconds=wanted.limit[1] if wanted.limit else None,
            expires_at=wanted.expires_at,
            created_by=who,
            version=versions.latest() + 1,
        )
        transaction.on_commit(feed.publish, using=DATABASE, robust=True)
    key.refresh_from_db()
    return key, fresh.written


def revoke(key_id: str, who: str) -> ApiKey:
    """Withdraw a key and tell the facades; one that was withdrawn before stays as it is. Raises `UnknownKey`."""
    with transaction.atomic(using=DATABASE):
        versions.one_at_a_time()
        key = find(key_id)
        if key.revoked_at is None:
            key.revoked_at, key.revoked_by, key.version = timezone.now(), who, versions.latest() + 1
            key.save(update_fields=["revoked_at", "revoked_by", "version"])
            transaction.on_commit(feed.publish, using=DATABASE, robust=True)
    return key


def find(key_id: str) -> ApiKey:
    """Raises `UnknownKey`."""
    try:
        return ApiKey.objects.get(pk=key_id)
    except ApiKey.DoesNotExist as error:
        raise UnknownKey(key_id) from error


def listed(*, everything: bool) -> Iterable[ApiKey]:
    """The keys in the order in which they were made; without `everything` only those that are in force."""
    return ApiKey.objects.all() if everything else ApiKey.in_force()
