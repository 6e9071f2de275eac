"""Accounts: registering, and a customer's own profile."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from extracted.users.models import Account

EMAIL_KEY = "accounts_email_key"


class EmailTaken(Exception):
    """Somebody else has registered with this e-mail address."""


class UnknownAccount(Exception):
    """The account is gone, or was closed."""


class VersionPassed(Exception):
    """The account is at another version than the one that the change was made from; nothing was changed."""


def register(email: str, password: str, profile: Mapping[str, Any]) -> Account:
    """A new account; `email` is lower-cased already, `profile` holds columns. Raises `EmailTaken`.

    Looking first spares the price of hashing a password; of two who come at once, the unique key refuses one.
    """
    if Account.objects.filter(email=email).exists():
        raise EmailTaken
    account = Account(email=email, password=make_password(password), **profile)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        if _constraint(error) == EMAIL_KEY:
            raise EmailTaken from error
        raise
    return account


def active(key: int) -> Account:
    """The account. Raises `UnknownAccount`."""
    account = Account.objects.filter(pk=key, active=True).first()
    if account is None:
        raise UnknownAccount
    return account


def change(key: int, changes: Mapping[str, Any], versions: Collection[int] | None = None) -> Account:
    """Set these columns, and no others, so that two changes at once both stay.

    With `versions`, only from one of them: raises `VersionPassed`, `UnknownAccount`.
    """
    with transaction.atomic():
        if changes or versions is not None:
            touch(key, versions, **changes)
        return active(key)


def touch(key: int, versions: Collection[int] | None = None, /, **changes: Any) -> None:
    """Note that the account changed. Comes first in each write: it also makes writers of one account take turns.

    Raises `UnknownAccount`, and `VersionPassed` when the account is at none of `versions`.
    """
    rows = Account.objects.filter(pk=key, active=True)
    expected = rows if versions is None else rows.filter(version__in=versions)
    if not expected.update(**changes, version=F("version") + 1, updated_at=Now()):
        raise VersionPassed if versions is not None and rows.exists() else UnknownAccount


def _constraint(error: IntegrityError) -> str | None:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)
