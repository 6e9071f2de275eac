"""The users context's port over HTTP, which other processes of the platform use."""

from typing import Any

import pytest
import requests

from tests.contract.users_v1.client import Api, Customer, assert_problem, assert_refuses

CUSTOMERS = "/internal/users/customers"


@pytest.fixture
def token(api: Api) -> str:
    """The internal token; a facade lets nobody in, so there is nothing to ask there."""
    if api.internal_token is None:
        pytest.skip("/internal is out of reach at this address")
    return api.internal_token


def test_customers_are_told_by_key(api: Api, token: str, customer: Customer) -> None:
    """The answer has those of the keys that somebody has, with name and addresses."""
    customer.call("PATCH", "", {"first_name": "Ada"})
    profile = customer.call("PUT", "/addresses/0", {"lines": ["", "b"], "city": "York"}).json()
    further = customer.add_address(label="Work")
    other = api.new_customer()
    keys = f"{customer.user['key']},{other.user['key']},999999999999999999"
    found = _customers(api.call("GET", f"{CUSTOMERS}?keys={keys}", token=token))
    assert set(found) == {customer.user["key"], other.user["key"]}
    assert found[customer.user["key"]] == {
        "key": customer.user["key"],
        "public_id": customer.user["id"],
        "email": customer.user["email"],
        "display_name": "Ada",
        "addresses": [profile, further],
    }
    assert found[other.user["key"]]["addresses"] == []


@pytest.mark.parametrize("keys", ["", "x", "1,,2", "-1", "1" * 19, ",".join(["1"] * 501), "1%00"])
def test_what_are_no_keys_is_refused(api: Api, token: str, keys: str) -> None:
    """1 to 500 keys, separated by commas."""
    assert_refuses(api.call("GET", f"{CUSTOMERS}?keys={keys}", token=token), "keys")


def test_an_address_is_saved_for_a_customer(api: Api, token: str, customer: Customer) -> None:
    """An address that another context saves is the customer's own from then on."""
    path = f"{CUSTOMERS}/{customer.user['key']}/addresses"
    answer = api.call("PUT", path, {"kind": "shipping", "lines": ["1 High Street"], "country": "GB"}, token)
    assert answer.status_code == 200
    assert api.call("PUT", path, {"kind": "shipping", "lines": ["1 High Street"], "country": "GB"}, token).json() == answer.json()
    assert customer.call("GET", "/addresses").json()["results"] == [answer.json()]


def test_an_address_for_nobody_is_refused(api: Api, token: str) -> None:
    """An unknown key is a 404, and a bad address a 400 with the fields that are wrong."""
    body = {"kind": "shipping", "lines": ["1 High Street"]}
    assert_problem(api.call("PUT", f"{CUSTOMERS}/999999999999999999/addresses", body, token), 404, "unknown-customer")
    assert_refuses(api.call("PUT", f"{CUSTOMERS}/1/addresses", {"kind": "castle"}, token), "kind")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_only_the_platform_gets_in(api: Api, token: str, anybody: Customer, method: str) -> None:
    """No token, a customer's token or a wrong one: 401 or 403, and nothing is told."""
    path = f"{CUSTOMERS}?keys=1" if method == "GET" else f"{CUSTOMERS}/1/addresses"
    for wrong in (None, anybody.tokens["access"], token + "x", token[:-1], "é"):
        answer = api.call(method, path, {} if method == "PUT" else None, token=None, **_authorization(wrong))
        assert answer.status_code in {401, 403}
        assert answer.headers["Content-Type"] == "application/problem+json"


def _authorization(token: str | None) -> dict[str, Any]:
    return {} if token is None else {"Authorization": f"Bearer {token}".encode()}


def _customers(answer: requests.Response) -> dict[int, Any]:
    assert answer.status_code == 200, answer.text
    return {customer["key"]: customer for customer in answer.json()["customers"]}
