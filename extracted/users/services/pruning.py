"""Keeping sessions few: at login, and by `manage.py prune_sessions` for those who never come back.

An account keeps at most `LIVE_FAMILIES` families; the next login ends the oldest. Used tokens are remembered for `REUSE_MEMORY`,
in which a second use is recognised and ends the family; after it they are merely unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from extracted.users.models import Session

LIVE_FAMILIES = 10
REUSE_MEMORY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Token:
    """What pruning looks at; `id` is a UUIDv7, so that a family's age shows in its ids."""

    id: UUID
    family: UUID
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def is_dead(self, now: datetime) -> bool:
        """Whether nobody can use it, and nobody needs to know of it."""
        forgotten = self.used_at is not None and self.used_at < now - REUSE_MEMORY
        return self.revoked_at is not None or self.expires_at <= now or forgotten


def prunable(tokens: Iterable[Token], now: datetime, keep_families: int) -> list[UUID]:
    """The ids to delete, so that no dead token and at most `keep_families` families are left, the youngest."""
    tokens = list(tokens)
    newest: dict[UUID, UUID] = {}
    for token in tokens:
        if not token.is_dead(now):
            newest[token.family] = max(token.id, newest.get(token.family, token.id))
    kept = set(sorted(newest, key=newest.__getitem__, reverse=True)[:keep_families])
    return [token.id for token in tokens if token.is_dead(now) or token.family not in kept]


def prune(key: int) -> None:
    """Make room for one more family of this account."""
    rows = Session.objects.filter(account_id=key).values_list("id", "family", "expires_at", "used_at", "revoked_at")
    stale = prunable((Token(*row) for row in rows), timezone.now(), LIVE_FAMILIES - 1)
    if stale:
        Session.objects.filter(account_id=key, id__in=stale).delete()


def prune_dead(limit: int) -> int:
    """Delete at most `limit` sessions that are of no more use, whoever's they are; answers how many."""
    now = timezone.now()
    dead = Q(expires_at__lte=now) | Q(used_at__lt=now - REUSE_MEMORY) | Q(revoked_at__lt=now - REUSE_MEMORY)
    ids = list(Session.objects.filter(dead).values_list("id", flat=True)[:limit])
    return Session.objects.filter(id__in=ids).delete()[0]
