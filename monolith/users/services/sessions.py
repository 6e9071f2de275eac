"""Sessions: a short access token, and a refresh token that is replaced at each use.

All refresh tokens that came from one login are a family. A token that is used a second time was copied, so
its family ends: neither the thief nor the victim can go on without logging in (RFC 9700, section 4.14.2).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from chassis.identity import tokens
from chassis.ids import uuid7
from monolith.facts import publish
from monolith.users.events import SessionsRevoked
from monolith.users.models import RefreshToken, User
from monolith.users.services.pruning import prune

LIFETIME = timedelta(days=30)


class BadCredentials(Exception):
    """The e-mail address or the password is wrong, or the account was closed; which of them is not told."""


class BadRefreshToken(Exception):
    """The refresh token is unknown, too old, revoked, or was used before."""


@dataclass(frozen=True, slots=True)
class Session:
    """What the customer gets: `refresh` is told once and kept here only as a hash."""

    user: User
    access: str
    refresh: str


def login(email: str, password: str) -> Session:
    """A session of a new family; `email` is lower-cased already. Raises `BadCredentials`.

    An unknown address takes as long as a wrong password, so that the time does not tell who is a customer.
    """
    user = User.objects.filter(email=email).first()
    matches = check_password(password, user.password if user and user.password else _nobodys_password())
    if user is None or not user.password or not matches or not user.is_active:
        raise BadCredentials
    with transaction.atomic():
        prune(user.id)
        return _session(user, uuid7())


def refresh(token: str) -> Session:
    """The next session of the token's family. Raises `BadRefreshToken`; a token that was used before ends
    its family.
    """
    with transaction.atomic():
        session = _rotate(token)
    if session is None:  # not raised above: ending the family must be committed
        raise BadRefreshToken
    return session


def logout(token: str) -> None:
    """End the token's family, if there is one."""
    row = RefreshToken.objects.filter(token_hash=_hash(token)).first()
    if row is not None:
        with transaction.atomic():
            _revoke(row.family)


def _rotate(token: str) -> Session | None:
    row = RefreshToken.objects.select_related("user").select_for_update(of=("self",)).filter(token_hash=_hash(token)).first()
    if row is None or row.revoked_at is not None or row.expires_at <= timezone.now() or not row.user.is_active:
        return None
    if row.used_at is not None:
        _revoke(row.family)
        publish(SessionsRevoked(row.user_id, row.family))
        return None
    RefreshToken.objects.filter(pk=row.pk).update(used_at=Now())
    return _session(row.user, row.family)


def _session(user: User, family: UUID) -> Session:
    token = secrets.token_urlsafe(32)
    RefreshToken.objects.create(user=user, family=family, token_hash=_hash(token), expires_at=timezone.now() + LIFETIME)
    return Session(user, tokens.issue(user.public_id, user.id), token)


def _revoke(family: UUID) -> None:
    RefreshToken.objects.filter(family=family, revoked_at=None).update(revoked_at=Now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobodys_password() -> str:
    return make_password(secrets.token_urlsafe(16))
