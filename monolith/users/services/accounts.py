"""Accounts: registering, and a customer's own profile."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from monolith.facts import publish
from monolith.users.events import UserRegistered
from monolith.users.models import User

EMAIL_KEY = "users_user_email_key"


class EmailTaken(Exception):
    """Somebody else has registered with this e-mail address."""


class UnknownAccount(Exception):
    """The account is gone, or was closed."""


def register(email: str, password: str, profile: Mapping[str, Any]) -> User:
    """A new customer; `email` is lower-cased already. Raises `EmailTaken`.

    Looking first spares the price of hashing a password; of two who come at once, the unique key refuses one.
    """
    if User.objects.filter(email=email).exists():
        raise EmailTaken
    user = User(email=email, password=make_password(password), **profile)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            publish(UserRegistered(user.id, user.public_id))
    except IntegrityError as error:
        if _constraint(error) == EMAIL_KEY:
            raise EmailTaken from error
        raise
    return user


def active(key: int) -> User:
    """The customer's row. Raises `UnknownAccount`."""
    try:
        return User.objects.get(pk=key, is_active=True)
    except User.DoesNotExist as error:
        raise UnknownAccount from error


def change_profile(key: int, changes: Mapping[str, Any]) -> User:
    """Set these columns, and no others, so that two changes at once both stay. Raises `UnknownAccount`."""
    with transaction.atomic():
        if changes:
            touch(key, **changes)
        return active(key)


def touch(key: int, **changes: Any) -> None:
    """Note that the customer changed. Comes first in each write: it also makes writers of one customer take
    turns.

    Raises `UnknownAccount`.
    """
    if not User.objects.filter(pk=key, is_active=True).update(**changes, modified=Now()):
        raise UnknownAccount


def _constraint(error: IntegrityError) -> str | None:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)
