"""A customer's own preferences."""

import pytest

from tests.contract.users_v1.client import Customer, assert_problem


def test_nobody_starts_with_preferences(customer: Customer) -> None:
    """A new customer has none."""
    assert customer.call("GET", "/preferences").json() == {}


def test_a_put_replaces_them_all(customer: Customer) -> None:
    """What was put is there, and nothing else."""
    for wanted in ({"theme": "dark", "digest": "weekly"}, {"theme": "light", "größe": "猫"}, {"theme": "light"}, {}):
        answer = customer.call("PUT", "/preferences", wanted)
        assert (answer.status_code, answer.json()) == (200, wanted)
        assert customer.call("GET", "/preferences").json() == wanted


def test_values_are_kept_as_they_are(customer: Customer) -> None:
    """Values may be empty, and blanks in them count."""
    wanted = {"empty": "", "blank": " ", "padded": " x ", "line": "a\nb"}
    customer.call("PUT", "/preferences", wanted)
    assert customer.call("GET", "/preferences").json() == wanted


def test_limits(customer: Customer) -> None:
    """Names have 1 to 40 characters, values at most 200."""
    wanted = {"n" * 40: "é" * 200}
    assert customer.call("PUT", "/preferences", wanted).json() == wanted
    for refused in ({"n" * 41: ""}, {"n": "v" * 201}, {"": "v"}):
        assert_problem(customer.call("PUT", "/preferences", refused), 400, "invalid")
    assert customer.call("GET", "/preferences").json() == wanted


@pytest.mark.parametrize("body", [{"a\x00": "b"}, {"a": "b\x00"}, {"a": None}, {"a": {}}, {"a": ["b"]}, {"a": True}, [], "x", 7])
def test_what_are_no_preferences_is_refused(anybody: Customer, body: object) -> None:
    """Preferences are an object of texts."""
    assert_problem(anybody.call("PUT", "/preferences", body), 400, "invalid")


def test_many_preferences(customer: Customer) -> None:
    """A thousand at once, replaced by another thousand of which half are the same."""
    first = {f"name-{number}": str(number) for number in range(1000)}
    second = {f"name-{number}": str(number) for number in range(500, 1500)}
    for wanted in (first, second):
        assert customer.call("PUT", "/preferences", wanted).status_code == 200
        assert customer.call("GET", "/preferences").json() == wanted
