"""Between the legacy columns and the port's values."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monolith.users import shapes
from monolith.users.api import NewAddress
from monolith.users.models import User
from monolith.users.representation import user_json
from monolith.users.serializers import UserSerializer

TEXT = st.text(max_size=5)
COLUMNS = ("address_line1", "address_line2", "city", "state", "postal_code", "country_code")


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXT)))
def test_columns_survive_the_port(columns: dict[str, str]) -> None:
    """An address read from columns and written back fills the same columns."""
    read = shapes.address(SimpleNamespace(**columns), 1, "home", "")
    written = NewAddress("home", "", read.lines, read.city, read.region, read.postal_code, read.country)
    assert shapes.columns(written) == columns


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXT)))
def test_a_profile_address_is_absent_when_all_is_blank(columns: dict[str, str]) -> None:
    """One filled column makes an address, none makes none."""
    assert (shapes.profile_address(SimpleNamespace(**columns)) is None) == (not any(columns.values()))


def test_blanking_makes_it_absent() -> None:
    """What a deletion writes is read as no address."""
    assert shapes.profile_address(SimpleNamespace(**shapes.columns(None))) is None


@pytest.mark.parametrize(
    ("first", "second", "lines"), [("", "", ()), ("a", "", ("a",)), ("", "b", ("", "b")), ("a", "b", ("a", "b"))]
)
def test_lines_keep_their_places(first: str, second: str, lines: tuple[str, ...]) -> None:
    """Only blank lines at the end are left out."""
    assert shapes.lines(first, second) == lines


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ({}, "x@example.org"),
        ({"first_name": "Ada"}, "Ada"),
        (
            {"title": "Dr", "first_name": "Ada", "middle_name": "B", "last_name": "Lovelace", "suffix": "II"},
            "Dr Ada B Lovelace II",
        ),
        ({"title": "Dr", "last_name": "Lovelace"}, "Dr Lovelace"),
        ({"first_name": "Ada", "nickname": ""}, "Ada"),
        ({"first_name": "Ada", "nickname": "Countess"}, "Countess"),
    ],
)
def test_display_names(name: dict[str, str], shown: str) -> None:
    """The nickname, else the parts, else the e-mail address."""
    assert shapes.display_name(_row(**name)) == shown


def test_the_hand_written_answer_is_the_documented_one() -> None:
    """A user's JSON has the members of the OpenAPI document's schema, no more and no fewer."""
    answer = user_json(_row())
    assert set(answer) == set(UserSerializer().fields)


def _row(**name: str) -> User:
    """A row as it is read: what is not given is blank."""
    texts = ("title", "first_name", "middle_name", "last_name", "suffix", "phone", "account_number", *COLUMNS)
    return User(**{**dict.fromkeys(texts, ""), "id": 7, "email": "x@example.org", "phone_type": 3, **name})
