"""Customers and the people behind them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from monolith.loading.adventureworks.addresses import Place
from monolith.loading.csvfiles import read, read_keyed
from monolith.loading.errors import FieldError
from monolith.loading.fields import moment, optional_whole, text, whole
from monolith.loading.keys import milliseconds, public_id
from monolith.loading.rows import UserRow

CUSTOMER = ("CustomerID", "PersonID", "StoreID", "AccountNumber", "ModifiedDate")
PERSON = ("BusinessEntityID", "Title", "FirstName", "MiddleName", "LastName", "Suffix", "EmailPromotion", "ModifiedDate")
PHONE_KINDS = {1: 1, 2: 2, 3: 3}  # PhoneNumberTypeID -> users PhoneType: Cell, Home, Work
PROMOTIONS = frozenset({0, 1, 2})


class Customer(NamedTuple):
    id: int
    person: int | None
    store: int | None
    account: str
    modified: datetime


class Person(NamedTuple):
    title: str
    first: str
    middle: str
    last: str
    suffix: str
    promotion: int
    modified: datetime


class Phone(NamedTuple):
    number: str
    kind: int


class People(NamedTuple):
    """The files about people, by BusinessEntityID."""

    persons: Mapping[int, Person]
    emails: Mapping[int, str]
    phones: Mapping[int, Phone]


def read_people(folder: Path) -> People:
    """Read the people with their e-mail and phone; a second one of the same person is refused."""
    return People(
        read_keyed(folder / "Person.csv.gz", PERSON, _person),
        read_keyed(folder / "EmailAddress.csv.gz", ("BusinessEntityID", "EmailAddress"), _email),
        read_keyed(folder / "PersonPhone.csv.gz", ("BusinessEntityID", "PhoneNumber", "PhoneNumberTypeID"), _phone),
    )


def read_customers(folder: Path, people: People) -> list[Customer]:
    """Customers by id; one whose person or person's e-mail is missing is refused."""

    def parse(values: tuple[str, ...]) -> Customer:
        customer = _customer(values)
        if customer.person is not None and customer.person not in people.persons:
            raise FieldError(f"PersonID {customer.person} is not in Person.csv.gz")
        if customer.person is not None and customer.person not in people.emails:
            raise FieldError(f"PersonID {customer.person} is not in EmailAddress.csv.gz")
        return customer

    return sorted(read(folder / "Customer.csv.gz", CUSTOMER, parse))


def user_row(customer: Customer, people: People, profile: Place | None, password: str) -> UserRow:
    """The customer's row; `profile` fills the flat address columns."""
    person = people.persons[customer.person] if customer.person is not None else None
    joined = min(customer.modified, person.modified) if person else customer.modified
    row = UserRow(
        id=customer.id,
        public_id=public_id(f"adventureworks/customer/{customer.id}", milliseconds(joined)),
        email=f"{customer.account}@adventure-works.invalid".lower(),
        password=password,
        date_joined=joined,
        modified=max(customer.modified, person.modified) if person else customer.modified,
        last_name=f"Store {customer.store}",
        account_number=customer.account,
    )
    if person:
        phone = people.phones.get(customer.person or 0, Phone("", 0))
        row = row._replace(
            email=people.emails[customer.person or 0],
            title=person.title,
            first_name=person.first,
            middle_name=person.middle,
            last_name=person.last,
            suffix=person.suffix,
            phone=phone.number,
            phone_type=phone.kind,
            email_promotion=person.promotion,
        )
    return row if profile is None else profile.on(row)


def display_name(row: UserRow) -> str:
    """The name's parts joined by one blank, as the users API shows it."""
    parts = (row.title, row.first_name, row.middle_name, row.last_name, row.suffix)
    return " ".join(part for part in parts if part)


def _customer(values: tuple[str, ...]) -> Customer:
    key, person, store, account, modified = values
    return Customer(
        whole(key, "CustomerID"),
        optional_whole(person, "PersonID"),
        optional_whole(store, "StoreID"),
        text(account, 20, "AccountNumber"),
        moment(modified, "ModifiedDate"),
    )


def _person(values: tuple[str, ...]) -> tuple[int, Person]:
    key, title, first, middle, last, suffix, promotion, modified = values
    if whole(promotion, "EmailPromotion") not in PROMOTIONS:
        raise FieldError(f"EmailPromotion {promotion!r} is none of 0, 1, 2")
    return whole(key, "BusinessEntityID"), Person(
        text(title, 8, "Title"),
        text(first, 50, "FirstName"),
        text(middle, 50, "MiddleName"),
        text(last, 50, "LastName"),
        text(suffix, 10, "Suffix"),
        whole(promotion, "EmailPromotion"),
        moment(modified, "ModifiedDate"),
    )


def _email(values: tuple[str, ...]) -> tuple[int, str]:
    return whole(values[0], "BusinessEntityID"), text(values[1].lower(), 254, "EmailAddress")


def _phone(values: tuple[str, ...]) -> tuple[int, Phone]:
    key, number, kind = values
    known = PHONE_KINDS.get(whole(kind, "PhoneNumberTypeID"))
    if known is None:
        raise FieldError(f"PhoneNumberTypeID {kind!r} is not known")
    return whole(key, "BusinessEntityID"), Phone(text(number, 25, "PhoneNumber"), known)
