"""Addresses, the links from people and stores to them, and which of a customer's goes into its flat columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from monolith.loading.csvfiles import read, read_keyed
from monolith.loading.errors import FieldError
from monolith.loading.fields import moment, text, whole
from monolith.loading.rows import AddressRow, UserRow

ADDRESS = ("AddressID", "AddressLine1", "AddressLine2", "City", "StateProvinceID", "PostalCode")
LINK = ("BusinessEntityID", "AddressID", "AddressTypeID", "ModifiedDate")
HOME, MAIN_OFFICE = 2, 3  # AddressTypeID, the same numbers as users AddressKind
KINDS = range(1, 7)
COPY_OFFSET = 100_000


class Place(NamedTuple):
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str

    def on(self, row: UserRow) -> UserRow:
        """The customer's row with this place in its flat columns."""
        return row._replace(
            address_line1=self.line1,
            address_line2=self.line2,
            city=self.city,
            state=self.state,
            postal_code=self.postal_code,
            country_code=self.country,
        )

    def one_line(self) -> str:
        """As it stands on an order."""
        town = " ".join(part for part in (self.city, self.state, self.postal_code) if part)
        return ", ".join(part for part in (self.line1, self.line2, town, self.country) if part)


class Link(NamedTuple):
    """That an address belongs to a person or store. Sorts by AddressID."""

    address: int
    owner: int
    kind: int
    modified: datetime


class Split(NamedTuple):
    profile: Link | None
    further: Sequence[Link]


def read_places(folder: Path) -> dict[int, Place]:
    """Every address by AddressID, its state and country looked up."""
    states = read_keyed(
        folder / "StateProvince.csv.gz",
        ("StateProvinceID", "StateProvinceCode", "CountryRegionCode"),
        lambda row: (whole(row[0], "StateProvinceID"), (text(row[1], 50, "code"), text(row[2], 2, "CountryRegionCode"))),
    )

    def parse(row: tuple[str, ...]) -> tuple[int, Place]:
        province = states.get(whole(row[4], "StateProvinceID"))
        if province is None:
            raise FieldError(f"StateProvinceID {row[4]} is not in StateProvince.csv.gz")
        place = Place(
            text(row[1], 60, "AddressLine1"), text(row[2], 60, "AddressLine2"), text(row[3], 60, "City"),
            province[0], text(row[5], 15, "PostalCode"), province[1],
        )  # fmt: skip
        return whole(row[0], "AddressID"), place

    return read_keyed(folder / "Address.csv.gz", ADDRESS, parse)


def read_links(folder: Path, places: Mapping[int, Place]) -> dict[int, list[Link]]:
    """The links by owner, each list by AddressID; one to an address or of a kind that is not known is refused."""

    def parse(row: tuple[str, ...]) -> Link:
        link = Link(
            whole(row[1], "AddressID"), whole(row[0], "BusinessEntityID"), whole(row[2], "AddressTypeID"),
            moment(row[3], "ModifiedDate"),
        )  # fmt: skip
        if link.address not in places:
            raise FieldError(f"AddressID {link.address} is not in Address.csv.gz")
        if link.kind not in KINDS:
            raise FieldError(f"AddressTypeID {link.kind} is not known")
        return link

    owned: dict[int, list[Link]] = {}
    for link in sorted(read(folder / "BusinessEntityAddress.csv.gz", LINK, parse)):
        owned.setdefault(link.owner, []).append(link)
    return owned


def split(links: Sequence[Link]) -> Split:
    """The link for the flat columns (first Home, else first Main Office), and the others in their order."""
    profile = next((link for kind in (HOME, MAIN_OFFICE) for link in links if link.kind == kind), None)
    return Split(profile, [link for link in links if link is not profile])


def address_row(user: int, link: Link, place: Place, *, copy: bool) -> AddressRow:
    """A further address; `copy` when another customer of the same store has it as well."""
    key = link.address + COPY_OFFSET if copy else link.address
    return AddressRow(key, user, link.kind, "", *place, link.modified)
