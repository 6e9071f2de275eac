"""A customer's addresses: number 0 is the profile address in their own row, the others are rows of a table."""

from django.db import transaction

from monolith.users import shapes
from monolith.users.api import NewAddress, PostalAddress
from monolith.users.models import Address, AddressKind
from monolith.users.services.accounts import active, touch


class UnknownAddress(Exception):
    """The customer has no address with this number."""


def addresses(key: int) -> list[PostalAddress]:
    """All of the customer's addresses by number. Raises `UnknownAccount`."""
    profile = shapes.profile_address(active(key))
    further = [shapes.further_address(row) for row in Address.objects.filter(user_id=key).order_by("id")]
    return [profile, *further] if profile else further


def address(key: int, number: int) -> PostalAddress:
    """One address. Raises `UnknownAccount`, `UnknownAddress`."""
    user = active(key)
    if number == shapes.PROFILE:
        found = shapes.profile_address(user)
    else:
        row = Address.objects.filter(pk=number, user_id=key).first()
        found = shapes.further_address(row) if row else None
    if found is None:
        raise UnknownAddress
    return found


def add_address(key: int, new: NewAddress) -> PostalAddress:
    """Add a further address. Raises `UnknownAccount`."""
    with transaction.atomic():
        touch(key)
        row = Address(user_id=key, kind=_kind(new), label=new.label, **shapes.columns(new))
        row.save(force_insert=True)
    return shapes.further_address(row)


def save_address(key: int, new: NewAddress) -> PostalAddress:
    """A further address that is as `new`, added if there is none. Raises `UnknownAccount`."""
    with transaction.atomic():
        touch(key)
        equal = Address.objects.filter(user_id=key, kind=_kind(new), label=new.label, **shapes.columns(new))
        first = equal.order_by("id").first()
        return shapes.further_address(first) if first else add_address(key, new)


def put_address(key: int, number: int, new: NewAddress) -> PostalAddress:
    """Replace an address; number 0 is set whether or not there was one. Raises `UnknownAccount`,
    `UnknownAddress`.
    """
    with transaction.atomic():
        if number == shapes.PROFILE:
            touch(key, **shapes.columns(new))
        else:
            touch(key)
            values = {"kind": _kind(new), "label": new.label, **shapes.columns(new)}
            if not Address.objects.filter(pk=number, user_id=key).update(**values):
                raise UnknownAddress
    return PostalAddress(number, new.kind, new.label, _cut(new), new.city, new.region, new.postal_code, new.country)


def delete_address(key: int, number: int) -> None:
    """Remove an address. Raises `UnknownAccount`, `UnknownAddress`."""
    with transaction.atomic():
        touch(key)
        if number == shapes.PROFILE:
            if shapes.profile_address(active(key)) is None:
                raise UnknownAddress
            touch(key, **shapes.columns(None))
        elif not Address.objects.filter(pk=number, user_id=key).delete()[0]:
            raise UnknownAddress


def _kind(new: NewAddress) -> AddressKind:
    return AddressKind[new.kind.upper()]


def _cut(new: NewAddress) -> tuple[str, ...]:
    """The lines as they will be read."""
    stored = shapes.columns(new)
    return shapes.lines(stored["address_line1"], stored["address_line2"])
