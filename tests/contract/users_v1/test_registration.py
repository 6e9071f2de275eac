"""Becoming a customer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

import pytest

from tests.contract.users_v1.client import PASSWORD, Api, assert_problem, assert_refuses, new_email

USER_FIELDS = {
    "id", "key", "email", "title", "first_name", "middle_name", "last_name", "suffix", "nickname", "display_name", "phone",
    "phone_type", "email_promotion", "account_number", "is_active", "profile_address", "date_joined", "modified",
}  # fmt: skip


def test_a_registration_answers_the_whole_user(api: Api) -> None:
    """A new customer has every member of the user's JSON, with the documented types and empty values."""
    email = new_email()
    answer = api.register(email=email)
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    user = answer.json()
    assert set(user) == USER_FIELDS
    assert UUID(user["id"]).version == 7
    assert isinstance(user["key"], int)
    assert user["display_name"] == user["email"] == email
    assert user["nickname"] is user["profile_address"] is None
    assert (user["phone_type"], user["email_promotion"], user["is_active"]) == ("unknown", "none", True)
    assert {user[name] for name in ("title", "first_name", "last_name", "phone", "account_number")} == {""}


def test_times_are_utc_and_end_in_z(api: Api) -> None:
    """Times are ISO 8601 in UTC, written with a Z."""
    user = api.register().json()
    for name in ("date_joined", "modified"):
        assert user[name].endswith("Z")
        assert datetime.fromisoformat(user[name]).utcoffset() is not None


def test_profile_fields_may_be_given(api: Api) -> None:
    """What is given at the registration is there afterwards, and the name's parts make the display name."""
    given = {
        "title": "Dr", "first_name": "Zoë", "middle_name": "", "last_name": "O’Neil 猫", "suffix": "III", "nickname": None,
        "phone": "+44 20 7946 0000", "phone_type": "work", "email_promotion": "partners",
    }  # fmt: skip
    user = api.register(**given).json()
    assert {name: user[name] for name in given} == given
    assert user["display_name"] == "Dr Zoë O’Neil 猫 III"


def test_the_nickname_comes_first_in_the_display_name(api: Api) -> None:
    """A nickname is shown instead of the name; an empty one is not."""
    assert api.register(first_name="Ann", nickname="Annie").json()["display_name"] == "Annie"
    assert api.register(first_name="Ann", nickname="").json()["display_name"] == "Ann"


def test_email_is_lower_cased(api: Api) -> None:
    """However the e-mail address is typed, there is one account for it, and it opens in any spelling."""
    email = new_email()
    assert api.register(email=f"  {email.upper()} ").json()["email"] == email
    assert_problem(api.register(email=email.title()), 409, "email-taken")
    assert api.login(email.upper()).status_code == 200


def test_of_two_who_race_for_an_email_one_wins(api: Api) -> None:
    """Eight registrations of one address at once: one 201, the others 409, and no other status."""
    email = new_email()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: Api(api.base).register(email=email).status_code, range(8)))
    assert sorted(statuses) == [201] + [409] * 7


@pytest.mark.parametrize(
    "email",
    ["", " ", "nobody", "a@b", "a b@example.org", "a@example.org\x00", "x" * 250 + "@example.org", None, 7, []],
)
def test_what_is_no_email_is_refused(api: Api, email: object) -> None:
    """An address that is blank, malformed, too long or no text is a 400 that names the field."""
    assert_refuses(api.register(email=email), "email")


@pytest.mark.parametrize("password", ["", "seven77", "x" * 129, "with\x00null", None, ["12345678"]])
def test_what_is_no_password_is_refused(api: Api, password: object) -> None:
    """A password has 8 to 128 characters."""
    assert_refuses(api.register(password=password), "password")


def test_a_password_is_taken_as_typed(api: Api) -> None:
    """Blanks at the ends of a password count, and so do letters of any script."""
    customer = api.new_customer(password="  pässwörd 🔑 ")
    assert_problem(api.login(customer.user["email"], "pässwörd 🔑"), 401)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("title", 8),
        ("first_name", 50),
        ("middle_name", 50),
        ("last_name", 50),
        ("suffix", 10),
        ("nickname", 100),
        ("phone", 25),
    ],
)
def test_limits_are_counted_in_characters(api: Api, name: str, limit: int) -> None:
    """A field holds as many characters as its column, whatever their size in bytes, and not one more."""
    assert api.register(**{name: "猫" * limit}).json()[name] == "猫" * limit
    assert_refuses(api.register(**{name: "猫" * (limit + 1)}), name)


@pytest.mark.parametrize("name", ["title", "first_name", "nickname", "phone", "password", "email"])
def test_nul_and_lone_surrogates_are_refused(api: Api, name: str) -> None:
    """What PostgreSQL cannot store is a 400, not a 500."""
    assert_refuses(api.register(**{name: "null\x00null"}), name)
    assert_problem(api.register(**{name: "lone\ud800surrogate"}), 400)


@pytest.mark.parametrize(
    ("name", "value"),
    [("phone_type", "fax"), ("phone_type", 1), ("email_promotion", None), ("email_promotion", "NONE")],
)
def test_unknown_choices_are_refused(api: Api, name: str, value: object) -> None:
    """A choice is one of its names."""
    assert_refuses(api.register(**{name: value}), name)


def test_all_errors_are_told_at_once(api: Api) -> None:
    """A request with three mistakes learns of all three."""
    assert_refuses(api.register(email="x", password="y", phone_type="z"), "email", "password", "phone_type")


def test_missing_fields_are_named(api: Api) -> None:
    """An empty object lacks an e-mail address and a password."""
    assert_refuses(api.users("POST", "register", {}), "email", "password")


def test_what_cannot_be_chosen_is_not_taken(api: Api) -> None:
    """Members that are not a customer's to set are ignored."""
    user = api.register(is_active=False, key=1, account_number="AW1", date_joined="1999-01-01T00:00:00Z").json()
    assert user["is_active"] is True
    assert user["account_number"] == ""
    assert not user["date_joined"].startswith("1999")


def test_a_stale_token_does_not_keep_anyone_out(api: Api) -> None:
    """Registering and logging in look at no access token."""
    email = new_email()
    body = {"email": email, "password": PASSWORD}
    assert api.users("POST", "register", body, token="stale").status_code == 201
    assert api.users("POST", "login", body, token="stale").status_code == 200
