"""The aggregate "user" between the monolith's rows and the service's document; pure, both ways.

Legacy rows: `{"users_user": {column: value}, "users_address": [{…}], "users_preference": [{…}], "users_refreshtoken": [{…}]}`.
Document: what the service keeps, what travels and what is compared. Times and UUIDs pass untouched, native or as text.

What differs: the flat address columns are the address number 0 of kind "profile", absent when all of them are blank; two address
columns are a list that ends with a line that is not blank; small integers are words; preference rows are one object.

Losses: `users_user.last_login` is not carried (it belongs to the monolith's own notion of a login). `phone.e164` is derived from
`phone.original`, so `to_legacy` drops it and `to_service` derives it again. Nothing else is lost:
`to_legacy(to_service(x)) == x` for every x of the legacy schema whose parts come in the order of their keys, and
`to_service(to_legacy(y)) == y` for every y of the service's schema. A code outside the schema raises `KeyError`.

Dictionaries are written out in full, as this runs once for every account that is copied.
"""

from operator import itemgetter
from typing import Any, Final

from chassis.phone import e164

Row = dict[str, Any]
Legacy = dict[str, Any]
Document = dict[str, Any]

PROFILE: Final = 0
PHONE_KINDS: Final = ("unknown", "cell", "home", "work")
MARKETING: Final = ("none", "own", "partners")
ADDRESS_KINDS: Final = (None, "billing", "home", "main_office", "primary", "shipping", "archive")

_PHONE_KIND: Final = dict(enumerate(PHONE_KINDS))
_MARKETING: Final = dict(enumerate(MARKETING))
_ADDRESS_KIND: Final = {code: word for code, word in enumerate(ADDRESS_KINDS) if word}
_PHONE_CODE: Final = {word: code for code, word in _PHONE_KIND.items()}
_MARKETING_CODE: Final = {word: code for code, word in _MARKETING.items()}
_ADDRESS_CODE: Final = {word: code for code, word in _ADDRESS_KIND.items()}
_NO_ADDRESS: Final[Row] = {
    "lines": [],
    "city": "",
    "region": "",
    "postal_code": "",
    "country": "",
}


def to_service(legacy: Legacy) -> Document:
    """The document of a legacy aggregate; its parts may come in any order."""
    user = legacy["users_user"]
    phone = user["phone"]
    return {
        "id": user["id"],
        "public_id": user["public_id"],
        "email": user["email"],
        "password": user["password"],
        "name": {
            "title": user["title"],
            "given": user["first_name"],
            "middle": user["middle_name"],
            "family": user["last_name"],
            "suffix": user["suffix"],
            "display": user["nickname"],
        },
        "phone": {
            "original": phone,
            "e164": e164(phone) if phone else None,
            "kind": _PHONE_KIND[user["phone_type"]],
        },
        "marketing": _MARKETING[user["email_promotion"]],
        "account_number": user["account_number"],
        "active": user["is_active"],
        "preferences": {row["name"]: row["value"] for row in legacy["users_preference"]},
        "addresses": _addresses(user, legacy["users_address"]),
        "sessions": _sessions(legacy["users_refreshtoken"]),
        "created_at": user["date_joined"],
        "updated_at": user["modified"],
    }


def to_legacy(document: Document) -> Legacy:
    """The legacy rows of a document, without `last_login`; parts in the order of their keys."""
    key, name, phone, addresses = (
        document["id"],
        document["name"],
        document["phone"],
        document["addresses"],
    )
    profile, others = (
        (addresses[0], addresses[1:]) if addresses and addresses[0]["number"] == PROFILE else (_NO_ADDRESS, addresses)
    )
    return {
        "users_user": {
            "id": key,
            "public_id": document["public_id"],
            "email": document["email"],
            "password": document["password"],
            "title": name["title"],
            "first_name": name["given"],
            "middle_name": name["middle"],
            "last_name": name["family"],
            "suffix": name["suffix"],
            "nickname": name["display"],
            "phone": phone["original"],
            "phone_type": _PHONE_CODE[phone["kind"]],
            **_columns(profile),
            "email_promotion": _MARKETING_CODE[document["marketing"]],
            "account_number": document["account_number"],
            "is_active": document["active"],
            "date_joined": document["created_at"],
            "modified": document["updated_at"],
        },
        "users_address": [_address_row(key, address) for address in others],
        "users_preference": [
            {"user_id": key, "name": name, "value": value} for name, value in sorted(document["preferences"].items())
        ],
        "users_refreshtoken": [_token_row(key, session) for session in document["sessions"]],
    }


def _addresses(user: Row, rows: list[Row]) -> list[Row]:
    addresses = [
        {
            "number": row["id"],
            "kind": _ADDRESS_KIND[row["kind"]],
            "label": row["label"],
            "lines": _lines(row["address_line1"], row["address_line2"]),
            "city": row["city"],
            "region": row["state"],
            "postal_code": row["postal_code"],
            "country": row["country_code"],
            "created_at": row["created_at"],
        }
        for row in rows
    ]
    if len(addresses) > 1:
        addresses.sort(key=itemgetter("number"))
    lines, city, region = _lines(user["address_line1"], user["address_line2"]), user["city"], user["state"]
    postal_code, country = user["postal_code"], user["country_code"]
    if lines or city or region or postal_code or country:
        profile = {
            "number": PROFILE,
            "kind": "profile",
            "label": "",
            "lines": lines,
            "city": city,
            "region": region,
            "postal_code": postal_code,
            "country": country,
            "created_at": None,
        }
        addresses.insert(0, profile)
    return addresses


def _lines(line1: str, line2: str) -> list[str]:
    if line2:
        return [line1, line2]
    return [line1] if line1 else []


def _columns(address: Row) -> Row:
    lines = address["lines"]
    return {
        "address_line1": lines[0] if lines else "",
        "address_line2": lines[1] if len(lines) > 1 else "",
        "city": address["city"],
        "state": address["region"],
        "postal_code": address["postal_code"],
        "country_code": address["country"],
    }


def _address_row(key: int, address: Row) -> Row:
    return {
        "id": address["number"],
        "user_id": key,
        "kind": _ADDRESS_CODE[address["kind"]],
        "label": address["label"],
        **_columns(address),
        "created_at": address["created_at"],
    }


def _sessions(rows: list[Row]) -> list[Row]:
    sessions = [
        {
            "id": row["id"],
            "family": row["family"],
            "token_hash": row["token_hash"],
            "issued_at": row["issued_at"],
            "expires_at": row["expires_at"],
            "used_at": row["used_at"],
            "revoked_at": row["revoked_at"],
        }
        for row in rows
    ]
    if len(sessions) > 1:
        sessions.sort(key=itemgetter("id"))
    return sessions


def _token_row(key: int, session: Row) -> Row:
    return {
        "id": session["id"],
        "user_id": key,
        "family": session["family"],
        "token_hash": session["token_hash"],
        "issued_at": session["issued_at"],
        "expires_at": session["expires_at"],
        "used_at": session["used_at"],
        "revoked_at": session["revoked_at"],
    }
