"""Users as the schemas admit them: strategies for every legacy aggregate and every document of the service.

Both draw from the columns' own limits, so that a property holds for whatever a database could hand over: blanks, any script,
control characters, full length; only NUL and lone surrogates are left out, which PostgreSQL's text cannot hold.
"""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from acl.users.translate import ADDRESS_KINDS, MARKETING, PHONE_KINDS
from chassis.phone import e164

KEYS = st.integers(min_value=1, max_value=2**63 - 1)
PHONES = st.sampled_from(("697-555-0142", "(697) 555-0142", "1 (11) 500 555-0162", "+44 20 7946 0958", "55-2555-0100"))
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
KINDS = [kind for kind in ADDRESS_KINDS if kind]


def text(limit: int) -> st.SearchStrategy[str]:
    """Text of a `varchar(limit)`."""
    anything = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(anything, max_size=limit) | st.sampled_from(("", " ", "é" * limit, "x" * limit))


def codes(words: object) -> st.SearchStrategy[int]:
    """The small integers that stand for words."""
    return st.integers(0, len(words) - 1)  # type: ignore[arg-type]


@st.composite
def legacy_users(draw: st.DrawFn, key: int | None = None) -> dict[str, Any]:
    """An aggregate of the monolith's schema, its parts in the order of their keys."""
    key = draw(KEYS) if key is None else key
    address_keys = sorted(draw(st.sets(KEYS, max_size=3)))
    names = sorted(draw(st.sets(text(40), max_size=3)))
    return {
        "users_user": {
            "id": key,
            "public_id": draw(st.uuids()),
            "email": draw(text(254)),
            "password": draw(text(128)),
            "title": draw(text(8)),
            "first_name": draw(text(50)),
            "middle_name": draw(text(50)),
            "last_name": draw(text(50)),
            "suffix": draw(text(10)),
            "nickname": draw(st.none() | text(100)),
            "phone": draw(PHONES | text(25)),
            "phone_type": draw(codes(PHONE_KINDS)),
            **draw(st.just(_blank_columns()) | _columns()),
            "email_promotion": draw(codes(MARKETING)),
            "account_number": draw(text(20)),
            "is_active": draw(st.booleans()),
            "date_joined": draw(TIMES),
            "modified": draw(TIMES),
        },
        "users_address": [draw(_address_rows(key, number)) for number in address_keys],
        "users_preference": [{"user_id": key, "name": name, "value": draw(text(200))} for name in names],
        "users_refreshtoken": [{"user_id": key, **session} for session in draw(_sessions())],
    }


@st.composite
def documents(draw: st.DrawFn, key: int | None = None) -> dict[str, Any]:
    """A document of the service's schema."""
    original = draw(PHONES | text(25))
    numbers = sorted(draw(st.sets(KEYS, max_size=3)))
    return {
        "id": draw(KEYS) if key is None else key,
        "public_id": draw(st.uuids()),
        "email": draw(text(254)),
        "password": draw(text(128)),
        "name": {
            "title": draw(text(8)),
            "given": draw(text(50)),
            "middle": draw(text(50)),
            "family": draw(text(50)),
            "suffix": draw(text(10)),
            "display": draw(st.none() | text(100)),
        },
        "phone": {
            "original": original,
            "e164": e164(original),
            "kind": draw(st.sampled_from(PHONE_KINDS)),
        },
        "marketing": draw(st.sampled_from(MARKETING)),
        "account_number": draw(text(20)),
        "active": draw(st.booleans()),
        "preferences": draw(st.dictionaries(text(40), text(200), max_size=3)),
        "addresses": [
            *draw(st.lists(_profiles(), max_size=1)),
            *(draw(_addresses(number)) for number in numbers),
        ],
        "sessions": draw(_sessions()),
        "created_at": draw(TIMES),
        "updated_at": draw(TIMES),
    }


def _columns() -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {
            "address_line1": text(60),
            "address_line2": text(60),
            "city": text(60),
            "state": text(50),
            "postal_code": text(15),
            "country_code": text(2),
        }
    )


def _blank_columns() -> dict[str, str]:
    return dict.fromkeys(("address_line1", "address_line2", "city", "state", "postal_code", "country_code"), "")


@st.composite
def _address_rows(draw: st.DrawFn, key: int, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "user_id": key,
        "kind": draw(st.integers(1, 6)),
        "label": draw(text(40)),
        **draw(st.just(_blank_columns()) | _columns()),
        "created_at": draw(TIMES),
    }


@st.composite
def _places(draw: st.DrawFn) -> dict[str, Any]:
    lines = draw(st.lists(text(60), max_size=2).filter(lambda lines: not lines or lines[-1] != ""))
    return {
        "lines": lines,
        "city": draw(text(60)),
        "region": draw(text(50)),
        "postal_code": draw(text(15)),
        "country": draw(text(2)),
    }


@st.composite
def _addresses(draw: st.DrawFn, number: int) -> dict[str, Any]:
    kind, label, created_at = draw(st.sampled_from(KINDS)), draw(text(40)), draw(TIMES)
    return {"number": number, "kind": kind, "label": label, **draw(_places()), "created_at": created_at}


@st.composite
def _profiles(draw: st.DrawFn) -> dict[str, Any]:
    place = draw(_places().filter(lambda place: any(place.values())))
    return {"number": 0, "kind": "profile", "label": "", **place, "created_at": None}


@st.composite
def _sessions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to three, in the order of their ids; no token is there twice."""
    ids, hashes = draw(st.sets(st.uuids(), max_size=3)), draw(st.lists(text(64), min_size=3, max_size=3, unique=True))
    return [
        {
            "id": number,
            "family": draw(st.uuids()),
            "token_hash": token_hash,
            "issued_at": draw(TIMES),
            "expires_at": draw(TIMES),
            "used_at": draw(st.none() | TIMES),
            "revoked_at": draw(st.none() | TIMES),
        }
        for number, token_hash in zip(sorted(ids), hashes, strict=False)
    ]
