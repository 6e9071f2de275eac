"""An account's addresses. Number 0 is the profile address, which can be set whether or not there was one."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from extracted.users.models import PROFILE, Address, AddressKind
from extracted.users.services.accounts import active, touch


class UnknownAddress(Exception):
    """The account has no address with this number."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address as it was asked for; `lines` are at most two."""

    kind: str
    label: str
    lines: list[str]
    city: str
    region: str
    postal_code: str
    country: str

    def columns(self) -> dict[str, Any]:
        """As it is stored: without blank lines at the end."""
        lines = list(self.lines)
        while lines and not lines[-1]:
            lines.pop()
        return {
            "kind": self.kind,
            "label": self.label,
            "lines": lines,
            "city": self.city,
            "region": self.region,
            "postal_code": self.postal_code,
            "country": self.country,
        }


def addresses(key: int) -> list[Address]:
    """All of the account's addresses by number. Raises `UnknownAccount`."""
    active(key)
    return list(Address.objects.filter(account_id=key).order_by("number"))


def profile_address(key: int) -> Address | None:
    """The account's address 0, if there is one."""
    return Address.objects.filter(account_id=key, number=PROFILE).first()


def address(key: int, number: int) -> Address:
    """One address. Raises `UnknownAccount`, `UnknownAddress`."""
    active(key)
    return _stored(key, number)


def add_address(key: int, new: Place) -> Address:
    """Add a further address. Raises `UnknownAccount`."""
    with transaction.atomic():
        touch(key)
        row = Address(account_id=key, **new.columns())
        row.save(force_insert=True)
    return row


def save_address(key: int, new: Place) -> Address:
    """A further address that is as `new`, added if there is none. Raises `UnknownAccount`."""
    with transaction.atomic():
        touch(key)
        equal = Address.objects.filter(account_id=key, **new.columns())
        return equal.order_by("number").first() or add_address(key, new)


def put_address(key: int, number: int, new: Place) -> Address:
    """Replace an address; number 0 is set whether or not there was one. Raises `UnknownAccount`, `UnknownAddress`."""
    with transaction.atomic():
        touch(key)
        if not Address.objects.filter(account_id=key, number=number).update(**new.columns()):
            if number != PROFILE:
                raise UnknownAddress
            profile = {**new.columns(), "kind": AddressKind.PROFILE.value, "created_at": None}
            Address(account_id=key, number=PROFILE, **profile).save(force_insert=True)
        return _stored(key, number)


def delete_address(key: int, number: int) -> None:
    """Remove an address. Raises `UnknownAccount`, `UnknownAddress`."""
    with transaction.atomic():
        touch(key)
        if not Address.objects.filter(account_id=key, number=number).delete()[0]:
            raise UnknownAddress


def _stored(key: int, number: int) -> Address:
    row = Address.objects.filter(account_id=key, number=number).first()
    if row is None:
        raise UnknownAddress
    return row
