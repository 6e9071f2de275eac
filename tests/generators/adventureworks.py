"""Every person of AdventureWorks as a legacy aggregate; people in the same shapes where the data set is not at hand."""

import csv
import gzip
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

EPOCH = datetime(2011, 1, 1, tzinfo=UTC)
Row = dict[str, str]


def folder() -> Path | None:
    """The data set's folder under BANYAN_DATA, when it is there."""
    place = Path(os.environ.get("BANYAN_DATA", "/work/shared/data")) / "adventureworks"
    return place if (place / "Person.csv.gz").exists() else None


def people() -> Iterator[dict[str, Any]]:
    """All 19,972 people, or as many generated ones."""
    place = folder()
    return _generated(19_972) if place is None else _read(place)


def _rows(place: Path, name: str) -> Iterator[Row]:
    with gzip.open(place / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _read(place: Path) -> Iterator[dict[str, Any]]:
    email = {row["BusinessEntityID"]: row["EmailAddress"] for row in _rows(place, "EmailAddress")}
    phone = {row["BusinessEntityID"]: row for row in _rows(place, "PersonPhone")}
    region = {row["StateProvinceID"]: row for row in _rows(place, "StateProvince")}
    address = {row["AddressID"]: row for row in _rows(place, "Address")}
    lives = defaultdict(list)
    for row in _rows(place, "BusinessEntityAddress"):
        place_of = address[row["AddressID"]]
        lives[row["BusinessEntityID"]].append((row, place_of, region[place_of["StateProvinceID"]]))
    for person in _rows(place, "Person"):
        key = person["BusinessEntityID"]
        rows = [_address(int(key), *parts) for parts in lives[key]]
        number = phone.get(key, {"PhoneNumber": "", "PhoneNumberTypeID": "0"})
        yield _aggregate(person, email.get(key, ""), number, sorted(rows, key=lambda row: row["id"]))


def _aggregate(person: Row, email: str, phone: Row, addresses: list[dict[str, Any]]) -> dict[str, Any]:
    flat = addresses[0] if addresses else defaultdict(str)
    columns = ("address_line1", "address_line2", "city", "state", "postal_code", "country_code")
    modified = datetime.fromisoformat(person["ModifiedDate"][:26]).replace(tzinfo=UTC)
    return {
        "users_user": {
            "id": int(person["BusinessEntityID"]),
            "public_id": UUID(person["rowguid"]),
            "email": email,
            "password": "",
            "title": person["Title"],
            "first_name": person["FirstName"],
            "middle_name": person["MiddleName"],
            "last_name": person["LastName"],
            "suffix": person["Suffix"],
            "nickname": None,
            "phone": phone["PhoneNumber"],
            "phone_type": int(phone["PhoneNumberTypeID"]),
            **{column: flat[column] for column in columns},
            "email_promotion": int(person["EmailPromotion"]),
            "account_number": "",
            "is_active": True,
            "date_joined": modified,
            "modified": modified,
        },
        "users_address": addresses,
        "users_preference": [],
        "users_refreshtoken": [],
    }


def _address(key: int, link: Row, place: Row, region: Row) -> dict[str, Any]:
    return {
        "id": int(place["AddressID"]),
        "user_id": key,
        "kind": int(link["AddressTypeID"]),
        "label": "",
        "address_line1": place["AddressLine1"],
        "address_line2": place["AddressLine2"],
        "city": place["City"],
        "state": region["StateProvinceCode"],
        "postal_code": place["PostalCode"],
        "country_code": region["CountryRegionCode"],
        "created_at": datetime.fromisoformat(place["ModifiedDate"][:26]).replace(tzinfo=UTC),
    }


def _generated(count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    for key in range(1, count + 1):
        person = {
            "BusinessEntityID": str(key),
            "rowguid": str(UUID(int=chance.getrandbits(128))),
            "Title": chance.choice(("", "", "Ms.", "Ms", "Sr.")),
            "FirstName": chance.choice(("Ken", "José", "Zoë", "Łukasz")),
            "MiddleName": chance.choice(("", "J", "Lee")),
            "LastName": chance.choice(("Sánchez", "Duffy", "O'Neil", "van der Berg")),
            "Suffix": chance.choice(("", "", "Jr.", "III")),
            "EmailPromotion": str(chance.randrange(3)),
            "ModifiedDate": (EPOCH + timedelta(seconds=chance.randrange(10**8))).isoformat(" ")[:19],
        }
        phone = {
            "PhoneNumber": chance.choice(("697-555-0142", "1 (11) 500 555-0162", "55-2555-0100", "")),
            "PhoneNumberTypeID": str(chance.randrange(4)),
        }
        rows = [_generated_address(chance, key, number) for number in range(chance.randrange(3))]
        yield _aggregate(person, f"josé{key}@example.com", phone, rows)


def _generated_address(chance: random.Random, key: int, number: int) -> dict[str, Any]:
    link = {"AddressTypeID": str(chance.randrange(1, 7))}
    place = {
        "AddressID": str(key * 4 + number),
        "AddressLine1": chance.choice(("1970 Napa Ct.", "Königstraße 1", "")),
        "AddressLine2": chance.choice(("", "# 4", "B.P. 12")),
        "City": chance.choice(("Bothell", "Saint-Étienne", "")),
        "PostalCode": chance.choice(("98011", "", "K1A 0B1")),
        "ModifiedDate": "2013-03-07 00:00:00",
    }
    return _address(key, link, place, {"StateProvinceCode": "07 ", "CountryRegionCode": "FR"})
