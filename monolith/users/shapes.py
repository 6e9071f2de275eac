"""Between the legacy columns and the values that the port and the API speak of: pure, over attributes of a
row.

The profile address is the flat columns of the customer's own row; it has the number 0 and the kind
"profile", and it is absent when all of its columns are blank.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from monolith.users.api import NewAddress, PostalAddress
from monolith.users.models import AddressKind

PROFILE = 0
PROFILE_KIND = "profile"
KINDS = tuple(kind.name.lower() for kind in AddressKind)


class AddressColumns(Protocol):
    """The columns in which either table keeps an address."""

    address_line1: str
    address_line2: str
    city: str
    state: str
    postal_code: str
    country_code: str


class NameColumns(Protocol):
    """The columns of which a customer's name is made."""

    email: str
    title: str
    first_name: str
    middle_name: str
    last_name: str
    suffix: str
    nickname: str | None


def display_name(user: NameColumns) -> str:
    """The nickname, else the parts of the name joined by one blank, else the e-mail address."""
    parts = (user.title, user.first_name, user.middle_name, user.last_name, user.suffix)
    return user.nickname or " ".join(part for part in parts if part) or user.email


def lines(first: str, second: str) -> tuple[str, ...]:
    """Two columns as lines, without trailing blanks: ("", "b") stays two lines."""
    if second:
        return (first, second)
    return (first,) if first else ()


def address(row: AddressColumns, number: int, kind: str, label: str) -> PostalAddress:
    """The row's address under this number, kind and label."""
    return PostalAddress(
        number=number,
        kind=kind,
        label=label,
        lines=lines(row.address_line1, row.address_line2),
        city=row.city,
        region=row.state,
        postal_code=row.postal_code,
        country=row.country_code,
    )


def profile_address(row: AddressColumns) -> PostalAddress | None:
    """The address in the customer's own row, if there is one."""
    columns = (
        row.address_line1, row.address_line2, row.city, row.state, row.postal_code, row.country_code
    )  # fmt: skip
    return address(row, PROFILE, PROFILE_KIND, "") if any(columns) else None


def further_address(row: Any) -> PostalAddress:
    """A row of the address table."""
    return address(row, row.id, AddressKind(row.kind).name.lower(), row.label)


def columns(place: NewAddress | None) -> dict[str, str]:
    """The address columns that hold this address; None blanks them."""
    if place is None:
        return dict.fromkeys(("address_line1", "address_line2", "city", "state", "postal_code", "country_code"), "")
    first, second = _two(place.lines)
    return {
        "address_line1": first,
        "address_line2": second,
        "city": place.city,
        "state": place.region,
        "postal_code": place.postal_code,
        "country_code": place.country,
    }


def _two(texts: Sequence[str]) -> tuple[str, str]:
    first, second, *_ = (*texts, "", "")
    return first, second
