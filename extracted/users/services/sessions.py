"""Sessions: a short access token, and a refresh token that is replaced at each use.

All refresh tokens that came from one login are a family. A token that is used a second time was copied, so its family ends:
neither the thief nor the victim can go on without logging in (RFC 9700, section 4.14.2).
"""

import hashlib
import logging
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
from extracted.users.models import Account, Session
from extracted.users.services.pruning import prune

LIFETIME = timedelta(days=30)

log = logging.getLogger(__name__)


class BadCredentials(Exception):
    """The e-mail address or the password is wrong, or the account was closed; which of them is not told."""


class BadRefreshToken(Exception):
    """The refresh token is unknown, too old, revoked, or was used before."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the customer gets: `refresh` is told once and kept here only as a hash."""

    account: Account
    access: str
    refresh: str


def login(email: str, password: str) -> Tokens:
    """A session of a new family; `email` is lower-cased already. Raises `BadCredentials`.

    An unknown address takes as long as a wrong password, so that the time does not tell who is a customer.
    """
    account = Account.objects.filter(email=email).first()
    matches = check_password(password, account.password if account and account.password else _nobodys_password())
    if account is None or not account.password or not matches or not account.active:
        raise BadCredentials
    with transaction.atomic():
        prune(account.id)
        return _begin(account, uuid7())


def refresh(token: str) -> Tokens:
    """The next session of the token's family. Raises `BadRefreshToken`; a token that was used before ends its family."""
    with transaction.atomic():
        session = _rotate(token)
    if session is None:  # not raised above: ending the family must be committed
        raise BadRefreshToken
    return session


def logout(token: str) -> None:
    """End the token's family, if there is one."""
    session = Session.objects.filter(token_hash=_hash(token)).first()
    if session is not None:
        _revoke(session)


def _rotate(token: str) -> Tokens | None:
    session = Session.objects.select_related("account").select_for_update(of=("self",)).filter(token_hash=_hash(token)).first()
    if session is None or session.revoked_at is not None or session.expires_at <= timezone.now():
        return None
    if not session.account.active:
        return None
    if session.used_at is not None:
        _revoke(session)
        log.warning(
            "A refresh token was used twice; its family is revoked.",
            extra={"user_key": session.account_id, "family": str(session.family)},
        )
        return None
    Session.objects.filter(account_id=session.account_id, id=session.id).update(used_at=Now())
    return _begin(session.account, session.family)


def _begin(account: Account, family: UUID) -> Tokens:
    token = secrets.token_urlsafe(32)
    row = Session(account=account, family=family, token_hash=_hash(token), expires_at=timezone.now() + LIFETIME)
    row.save(force_insert=True)
    return Tokens(account, tokens.issue(account.public_id, account.id), token)


def _revoke(session: Session) -> None:
    family = Session.objects.filter(account_id=session.account_id, family=session.family)
    family.filter(revoked_at=None).update(revoked_at=Now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobodys_password() -> str:
    return make_password(secrets.token_urlsafe(16))
