"""Both translations of a user lose nothing but what their module says they lose."""

from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings

from acl.users.translate import to_legacy, to_service
from tests.generators import adventureworks
from tests.generators.users import documents, legacy_users


@cache
def somebody() -> dict[str, Any]:
    return next(iter(adventureworks.people()))


@settings(max_examples=150)
@given(legacy_users())
def test_every_legacy_user_comes_back_as_it_went(legacy: dict[str, Any]) -> None:
    """`to_legacy(to_service(x)) == x` for all that the monolith's columns admit."""
    assert to_legacy(to_service(legacy)) == legacy


@settings(max_examples=150)
@given(documents())
def test_every_document_comes_back_as_it_went(document: dict[str, Any]) -> None:
    """`to_service(to_legacy(y)) == y` for all that the service's schema admits, so different documents stay different."""
    assert to_service(to_legacy(document)) == document


def test_every_person_of_adventureworks_comes_back() -> None:
    """The real data set round-trips, person by person."""
    seen = 0
    for seen, legacy in enumerate(adventureworks.people(), start=1):  # noqa: B007
        assert to_legacy(to_service(legacy)) == legacy
    assert seen == 19_972


@given(legacy_users())
def test_last_login_is_the_only_column_left_behind(legacy: dict[str, Any]) -> None:
    """The stated loss, and no other: the column is not carried, and does not disturb the rest."""
    document = to_service(legacy)
    legacy["users_user"]["last_login"] = legacy["users_user"]["date_joined"]
    assert to_service(legacy) == document


@given(legacy_users())
def test_the_order_of_the_rows_read_does_not_matter(legacy: dict[str, Any]) -> None:
    """Parts are sorted by their keys, so that both sides' documents have equal bytes."""
    turned = {name: rows[::-1] if isinstance(rows, list) else rows for name, rows in legacy.items()}
    assert to_service(turned) == to_service(legacy)


@pytest.mark.parametrize(
    ("line1", "line2", "lines"),
    [("", "", []), ("a", "", ["a"]), ("", "b", ["", "b"]), ("a", "b", ["a", "b"]), (" ", "", [" "])],
)
def test_address_lines_end_with_one_that_is_not_blank(line1: str, line2: str, lines: list[str]) -> None:
    """Two columns and a list without trailing blanks tell the same."""
    legacy = deepcopy(somebody())
    legacy["users_user"] |= {"address_line1": line1, "address_line2": line2, "city": "Bothell"}
    assert to_service(legacy)["addresses"][0]["lines"] == lines


def test_blank_flat_columns_are_no_address() -> None:
    """A customer whose flat columns are all blank has no profile address; one blank character makes one."""
    legacy = deepcopy(somebody())
    columns = ("address_line1", "address_line2", "city", "state", "postal_code", "country_code")
    legacy["users_user"] |= dict.fromkeys(columns, "")
    legacy["users_address"] = []
    assert to_service(legacy)["addresses"] == []
    legacy["users_user"]["state"] = " "
    assert [address["kind"] for address in to_service(legacy)["addresses"]] == ["profile"]
