"""The tables admit exactly what has a way back to the legacy shape; no writer can put anything else there."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.db.utils import DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.phone import e164
from extracted.users.models import Account, Address
from tests.generators.users import PHONES, text

PLACE = {"kind": "home", "lines": ["1 High Street"], "city": "Bath"}
PROFILE = {"number": 0, "kind": "profile", "created_at": None}


def refused(account: Account, **columns: Any) -> bool:
    """Whether the database refuses such an address, whoever writes it."""
    try:
        with transaction.atomic():
            Address(account=account, **{**PLACE, **columns}).save(force_insert=True)
    except (IntegrityError, DataError):
        return True
    return False


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"lines": []},
        {"lines": ["", "b"]},
        {"lines": [" "]},
        {"lines": ["é" * 60, "x" * 60]},
        {"lines": [], "city": ""},
        {**PROFILE},
        {**PROFILE, "lines": [], "city": " "},
    ],
    ids=str,
)
def test_addresses_that_the_legacy_columns_hold_are_kept(account: Account, columns: dict[str, Any]) -> None:
    """Also a further address without any content, which the legacy table admits."""
    assert not refused(account, **columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"number": -1},
        {"number": 0},
        {"kind": "profile"},
        {"kind": "castle"},
        {"created_at": None},
        {"lines": ["a", ""]},
        {"lines": [""]},
        {"lines": ["a", "b", "c"]},
        {"lines": ["x" * 61]},
        {"lines": ["a", None]},
        {"lines": None},
        {"country": "GBR"},
        {**PROFILE, "lines": [], "city": ""},
        {**PROFILE, "label": "Home"},
        {**PROFILE, "created_at": Now()},
    ],
    ids=str,
)
def test_addresses_without_a_way_back_are_refused(account: Account, columns: dict[str, Any]) -> None:
    """Each would be changed, or lost, by the translation to the legacy shape."""
    assert refused(account, **columns)


@pytest.mark.parametrize("lines", ["[0:1]={a,b}", "{{a}}", "{{a,b},{c,d}}"])
def test_an_array_that_is_no_list_is_refused(account: Account, lines: str) -> None:
    """PostgreSQL's arrays have dimensions and bounds of their own; JSON has neither."""
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO addresses (account_id, kind, lines) VALUES (%s, 'home', %s)", [account.id, lines])


def test_no_two_accounts_have_the_same_address_number(account: Account) -> None:
    """Numbers were the keys of the legacy table; only the profile address's is everybody's."""
    other = Account.objects.create(email="other@example.com")
    assert not refused(account, number=7)
    assert refused(other, number=7)
    assert not refused(account, **PROFILE)
    assert not refused(other, **PROFILE)


@pytest.mark.parametrize(
    "preferences",
    [{}, {"": ""}, {"é" * 40: "x" * 200}, {"a\nb": "c\nd"}, {"x" * 40: "\u2028" * 200, 'with "quotes"': "\\"}],
    ids=str,
)
def test_preferences_that_the_legacy_rows_hold_are_kept(authority: None, preferences: dict[str, str]) -> None:
    """Lengths are in characters, and line ends are characters."""
    kept = Account.objects.create(email="a@example.com", preferences=preferences)
    kept.refresh_from_db()
    assert kept.preferences == preferences


@pytest.mark.parametrize(
    "preferences",
    [[], ["a"], "a", 1, None, {"a": 1}, {"a": None}, {"a": ["b"]}, {"a": {}}, {"x" * 41: ""}, {"a": "x" * 201}],
    ids=str,
)
def test_preferences_without_a_way_back_are_refused(authority: None, preferences: Any) -> None:
    """Names and values are texts, within the legacy columns' lengths."""
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts (email, preferences) VALUES ('a', %s)", [json.dumps(preferences)])


@pytest.mark.parametrize("column", [{"phone_kind": "fax"}, {"marketing": "all"}, {"id": 0}, {"id": -1}], ids=str)
def test_accounts_without_a_way_back_are_refused(authority: None, column: dict[str, Any]) -> None:
    """Words outside their lists have no legacy code; keys below 1 have no lane."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Account(email="a@example.com", **column).save(force_insert=True)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(PHONES | text(25) | st.text("+()-. 0123456789", max_size=25), min_size=50, max_size=50))
def test_the_database_derives_the_e164_form_that_the_module_states(db: None, originals: list[str]) -> None:
    """One rule in two languages: SQL and `chassis.phone` agree on everything a column can hold."""
    assert _derived(originals) == [e164(original) for original in originals]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.from_regex(r"\+?1?[-. (]{0,2}[2-9][0-9]{2}\)?[-. ][2-9][0-9]{2}[-. ]?[0-9]{4}", fullmatch=True),
        min_size=20,
        max_size=20,
    )
)
def test_both_agree_on_numbers_that_nearly_follow_the_plan(db: None, originals: list[str]) -> None:
    """Random text hardly ever has an E.164 form; these often do."""
    assert _derived(originals) == [e164(original) for original in originals]


def _derived(originals: list[str]) -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(phone_e164(o) ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS t(o, n)", [originals]
        )
        derived: list[str | None] = cursor.fetchone()[0]
    return derived
