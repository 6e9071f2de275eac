"""A customer's own addresses."""

import pytest

from tests.contract.users_v1.client import Api, Customer, assert_problem, assert_refuses

FULL = {
    "kind": "shipping", "label": "Mum’s", "lines": ["Flat 2", "1 High Street"], "city": "Zürich", "region": "ZH",
    "postal_code": "8001", "country": "CH",
}  # fmt: skip
EMPTY_PAGE: dict[str, object] = {"count": 0, "next": None, "previous": None, "results": []}


def test_nobody_starts_with_an_address(customer: Customer) -> None:
    """The list of a new customer is an empty page."""
    assert customer.call("GET", "/addresses").json() == EMPTY_PAGE


def test_an_added_address_has_a_number(customer: Customer) -> None:
    """An addition answers the address as it will be read, in the list and by its number."""
    answer = customer.call("POST", "/addresses", FULL)
    assert answer.status_code == 201
    address = answer.json()
    assert {**FULL, "number": address["number"]} == address
    assert address["number"] > 0
    assert customer.call("GET", f"/addresses/{address['number']}").json() == address
    assert customer.call("GET", "/addresses").json()["results"] == [address]


def test_what_is_not_given_is_blank(customer: Customer) -> None:
    """An address needs a kind and one of its parts."""
    address = customer.call("POST", "/addresses", {"kind": "home", "city": "York"}).json()
    assert {name: value for name, value in address.items() if value not in ("", [])} == {
        "number": address["number"],
        "kind": "home",
        "city": "York",
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["a"], ["a"]),
        (["a", ""], ["a"]),
        (["", "b"], ["", "b"]),
        (["", ""], []),
        ([" a ", " "], ["a"]),
        (["a", "b"], ["a", "b"]),
    ],
)
@pytest.mark.parametrize("number", [0, 1])
def test_trailing_blank_lines_are_cut(customer: Customer, number: int, given: list[str], kept: list[str]) -> None:
    """Lines keep their places; only blank ones at the end are left out."""
    if number:
        body = {"kind": "home", "lines": given, "city": "York"}
        assert customer.call("POST", "/addresses", body).json()["lines"] == kept
    else:
        assert customer.call("PUT", "/addresses/0", {"lines": given, "city": "York"}).json()["lines"] == kept
    assert customer.call("GET", "/addresses").json()["results"][0]["lines"] == kept


def test_the_profile_address_has_the_number_0(customer: Customer) -> None:
    """It is set and changed by PUT, comes first in the list, and is part of the profile."""
    other = customer.add_address()
    for city in ("York", "Leeds"):
        answer = customer.call("PUT", "/addresses/0", {"lines": ["1 High Street"], "city": city})
        assert answer.status_code == 200
        profile = answer.json()
        assert (profile["number"], profile["kind"], profile["label"], profile["city"]) == (0, "profile", "", city)
        assert customer.me()["profile_address"] == profile
        assert customer.call("GET", "/addresses/0").json() == profile
        assert customer.call("GET", "/addresses").json()["results"] == [profile, other]


def test_the_profile_address_can_be_put_back_as_it_was_read(customer: Customer) -> None:
    """What was read can be sent again."""
    profile = customer.call("PUT", "/addresses/0", {"city": "York"}).json()
    assert customer.call("PUT", "/addresses/0", profile).json() == profile
    further = customer.add_address(label="Work")
    assert customer.call("PUT", f"/addresses/{further['number']}", further).json() == further


def test_the_profile_address_has_no_other_kind_and_no_label(anybody: Customer) -> None:
    """What its columns cannot hold is refused."""
    assert_refuses(anybody.call("PUT", "/addresses/0", {"city": "York", "kind": "home", "label": "x"}), "kind", "label")


def test_a_put_replaces_the_whole_address(customer: Customer) -> None:
    """What is not given is blank afterwards."""
    number = customer.call("POST", "/addresses", FULL).json()["number"]
    answer = customer.call("PUT", f"/addresses/{number}", {"kind": "billing", "city": "York"})
    assert answer.status_code == 200
    assert (answer.json()["number"], answer.json()["lines"], answer.json()["label"]) == (number, [], "")
    assert customer.call("GET", f"/addresses/{number}").json() == answer.json()


def test_deleting_is_final(customer: Customer) -> None:
    """A deleted address is gone from everywhere, and cannot be deleted or changed again."""
    customer.call("PUT", "/addresses/0", {"city": "York"})
    number = customer.add_address()["number"]
    for path in ("/addresses/0", f"/addresses/{number}"):
        assert customer.call("DELETE", path).status_code == 204
        assert_problem(customer.call("DELETE", path), 404, "unknown-address")
        assert_problem(customer.call("GET", path), 404, "unknown-address")
    assert_problem(customer.call("PUT", f"/addresses/{number}", FULL), 404, "unknown-address")
    assert customer.call("GET", "/addresses").json() == EMPTY_PAGE
    assert customer.me()["profile_address"] is None


def test_somebody_elses_address_is_not_there(api: Api, customer: Customer) -> None:
    """Numbers of others are answered like numbers of nobody."""
    number = api.new_customer().add_address()["number"]
    path = f"/addresses/{number}"
    for answer in (customer.call("GET", path), customer.call("PUT", path, FULL), customer.call("DELETE", path)):
        assert_problem(answer, 404, "unknown-address")


@pytest.mark.parametrize("number", ["999999999999999999", "0000000000000000000000", "9" * 30, "-1", "x", "1.5"])
def test_numbers_that_cannot_be_are_not_there(anybody: Customer, number: str) -> None:
    """Whatever is written in the place of the number, an address that is not there is a 404."""
    assert_problem(anybody.call("GET", f"/addresses/{number}"), 404)


@pytest.mark.parametrize(("name", "limit"), [("label", 40), ("city", 60), ("region", 50), ("postal_code", 15), ("country", 2)])
def test_limits_are_counted_in_characters(customer: Customer, name: str, limit: int) -> None:
    """A field holds as many characters as its column and not one more."""
    assert customer.call("POST", "/addresses", {**FULL, name: "é" * limit}).json()[name] == "é" * limit
    assert_refuses(customer.call("POST", "/addresses", {**FULL, name: "é" * (limit + 1)}), name)


BAD_PARTS: list[tuple[str, object]] = [
    ("kind", None),
    ("kind", "profile"),
    ("kind", "castle"),
    ("kind", 1),
    ("lines", None),
    ("lines", "text"),
    ("lines", ["a", "b", "c"]),
    ("lines", ["x" * 61]),
    ("lines", [None]),
    ("lines", ["a\x00b"]),
    ("city", None),
    ("city", ["York"]),
    ("city", "Yo\x00rk"),
]


def test_what_is_no_address_is_refused(customer: Customer) -> None:
    """A bad part is a 400 that names it, for a new address and for a changed one."""
    number = customer.add_address()["number"]
    for name, value in BAD_PARTS:
        assert_refuses(customer.call("POST", "/addresses", {**FULL, name: value}), name)
        assert_refuses(customer.call("PUT", f"/addresses/{number}", {**FULL, name: value}), name)


@pytest.mark.parametrize("body", [{"kind": "home"}, {"kind": "home", "lines": ["", " "], "city": " "}])
def test_an_empty_address_is_none(anybody: Customer, body: dict[str, object]) -> None:
    """An address of which every part is blank could not be told from none."""
    assert_refuses(anybody.call("POST", "/addresses", body), "lines")
    assert_refuses(anybody.call("PUT", "/addresses/0", {**body, "kind": "profile"}), "lines")


def test_a_kind_is_needed(anybody: Customer) -> None:
    """Only the profile address has a kind of its own."""
    assert_refuses(anybody.call("POST", "/addresses", {"city": "York"}), "kind")


def test_pages_have_fifty_addresses(customer: Customer) -> None:
    """The 51st address is on the second page; each page links to the other, relative to the host."""
    numbers = [customer.add_address()["number"] for _ in range(51)]
    first = customer.call("GET", "/addresses").json()
    assert (first["count"], first["previous"]) == (51, None)
    assert [address["number"] for address in first["results"]] == sorted(numbers)[:50]
    assert first["next"] == "/api/v1/users/me/addresses?page=2"
    second = customer.api.call("GET", first["next"], token=customer.tokens["access"]).json()
    assert [address["number"] for address in second["results"]] == sorted(numbers)[50:]
    assert (second["next"], second["previous"]) == (None, "/api/v1/users/me/addresses")


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "1.5", "9" * 40, "%00"])
def test_pages_that_are_not_there(anybody: Customer, page: str) -> None:
    """A page below the first, beyond the last, or no number at all is a 404."""
    assert_problem(anybody.call("GET", f"/addresses?page={page}"), 404)
