"""A customer's own profile."""

from datetime import datetime

import pytest

from tests.contract.users_v1.client import Api, Customer, assert_refuses


def test_the_profile_is_what_the_registration_answered(customer: Customer) -> None:
    """Reading the profile repeats the registration's answer."""
    assert customer.me() == customer.user


def test_a_change_is_answered_and_kept(customer: Customer) -> None:
    """A change answers the whole user, and the next reading says the same."""
    changed = customer.call("PATCH", "", {"first_name": "Ada", "phone": "01-23", "phone_type": "cell"})
    assert changed.status_code == 200
    assert changed.json()["first_name"] == changed.json()["display_name"] == "Ada"
    assert changed.json() == customer.me()


def test_what_is_not_given_stays(customer: Customer) -> None:
    """Two changes of different fields both stay."""
    customer.call("PATCH", "", {"first_name": "Ada"})
    customer.call("PATCH", "", {"last_name": "Byron"})
    assert customer.me()["display_name"] == "Ada Byron"


def test_a_nickname_can_be_taken_back(customer: Customer) -> None:
    """null is no nickname, which is not the same as an empty one."""
    for nickname in ("Bee", None, ""):
        assert customer.call("PATCH", "", {"nickname": nickname}).json()["nickname"] == nickname


def test_blanks_at_the_ends_are_cut(customer: Customer) -> None:
    """Names are kept without blanks around them."""
    assert customer.call("PATCH", "", {"first_name": "  Ada  "}).json()["first_name"] == "Ada"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"key": 1},
        {"email": "other@example.org"},
        {"account_number": "1"},
        {"is_active": False},
        {"date_joined": None},
    ],
)
def test_some_members_are_not_to_be_changed(customer: Customer, change: dict[str, object]) -> None:
    """A client may send back what it read; what is not its own to change stays."""
    assert customer.call("PATCH", "", change).status_code == 200
    after = customer.me()
    assert {**after, "modified": None} == {**customer.user, "modified": None}


def test_a_refused_change_changes_nothing(anybody: Customer) -> None:
    """Of a request with one bad field none is taken."""
    assert_refuses(anybody.call("PATCH", "", {"first_name": "Ada", "phone": "x" * 26}), "phone")
    assert anybody.me() == anybody.user


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_a_profile_is_an_object(anybody: Customer, body: object) -> None:
    """Anything but a JSON object is a 400."""
    if body is None:
        assert anybody.call("PATCH", "", {}).json() == anybody.user
    else:
        assert anybody.call("PATCH", "", body).status_code == 400


def test_modified_tells_of_every_change(customer: Customer) -> None:
    """The profile, an address or the preferences: each change moves `modified` forward."""
    number = customer.add_address()["number"]
    seen = [_modified(customer)]
    for method, path, body in (
        ("PATCH", "", {"title": "Dr"}),
        ("PUT", "/addresses/0", {"lines": ["1 High Street"]}),
        ("POST", "/addresses", {"kind": "billing", "city": "York"}),
        ("PUT", f"/addresses/{number}", {"kind": "billing", "city": "Leeds"}),
        ("DELETE", f"/addresses/{number}", None),
        ("DELETE", "/addresses/0", None),
        ("PUT", "/preferences", {"theme": "dark"}),
    ):
        assert customer.call(method, path, body).status_code in {200, 201, 204}
        seen.append(_modified(customer))
    assert seen == sorted(set(seen))


def test_reading_and_logging_in_are_no_changes(api: Api, customer: Customer) -> None:
    """`modified` stays when nothing of the customer's changed."""
    api.login(customer.user["email"])
    customer.call("GET", "/addresses")
    assert customer.me() == customer.user


def _modified(customer: Customer) -> datetime:
    return datetime.fromisoformat(customer.me()["modified"])
