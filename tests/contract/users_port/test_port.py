"""Nobody who holds a `UsersPort` can tell whose answers it gives."""

from typing import Any
from uuid import UUID

import pytest

from monolith.users.api import Customer, InvalidAddress, PostalAddress, UnknownCustomer
from tests.contract.users_port.sides import Side, new_address

pytestmark = pytest.mark.django_db  # for the monolith's side, which is this process

NOBODY = 10**15


def test_a_customer_is_told_with_name_and_addresses(side: Side) -> None:
    """The profile address comes first, the others by number."""
    key, email = side.register(title="Ms.", first_name="Zoë", last_name="van der Berg")
    first = side.port.save_address(key, new_address(kind="shipping", label="Office", lines=("", "Floor 2")))
    second = side.port.save_address(key, new_address())
    side.set_profile_address(key, new_address(kind="profile", lines=("2 Low Street",)))
    customer = side.port.customer(key)
    assert (customer.key, customer.email, customer.display_name) == (key, email, "Ms. Zoë van der Berg")
    assert isinstance(customer.public_id, UUID)
    profile = PostalAddress(0, "profile", "", ("2 Low Street",), "Bath", "SOM", "BA1 1AA", "GB")
    assert customer.addresses == (profile, first, second)


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        ({"nickname": "Zo", "first_name": "Zoë"}, "Zo"),
        ({"first_name": "Zoë", "middle_name": "M", "last_name": "Berg", "suffix": "Jr."}, "Zoë M Berg Jr."),
        ({}, None),
    ],
)
def test_the_display_name_is_the_best_there_is(side: Side, profile: dict[str, str], shown: str | None) -> None:
    """The nickname, else the parts of the name, else the e-mail address."""
    key, email = side.register(**profile)
    assert side.port.customer(key).display_name == (shown or email)


def test_many_customers_are_told_at_once_and_strangers_are_left_out(side: Side) -> None:
    """Keys may repeat, and may be keys of nobody, of any size."""
    keys = [side.register()[0] for _ in range(3)]
    found = side.port.customers([*keys, keys[0], NOBODY, 0, -1, 2**63 - 1])
    assert sorted(found) == sorted(keys)
    assert all(isinstance(customer, Customer) and customer.key == key for key, customer in found.items())
    assert side.port.customers([]) == {}


@pytest.mark.parametrize("key", [NOBODY, 0, -1, 2**63 - 1])
def test_a_key_that_nobody_has_is_refused(side: Side, key: int) -> None:
    """Reading one and adding an address both say so."""
    with pytest.raises(UnknownCustomer) as caught:
        side.port.customer(key)
    assert caught.value.key == key
    with pytest.raises(UnknownCustomer) as caught:
        side.port.save_address(key, new_address())
    assert caught.value.key == key


@pytest.mark.parametrize("kind", ["billing", "home", "main_office", "primary", "shipping", "archive"])
def test_an_added_address_is_answered_as_it_is_read(side: Side, kind: str) -> None:
    """With its number, and without blank lines at the end."""
    key, _ = side.register()
    added = side.port.save_address(key, new_address(kind=kind, lines=("1 High Street", ""), label="é"))
    assert added.number > 0
    assert (added.kind, added.label, added.lines) == (kind, "é", ("1 High Street",))
    assert side.port.customer(key).addresses == (added,)


def test_an_address_that_is_there_is_not_added_again(side: Side) -> None:
    """Who does not know whether the call was heard may repeat it; any difference makes another address."""
    key, _ = side.register()
    side.set_profile_address(key, new_address(kind="profile"))
    saved = side.port.save_address(key, new_address(lines=("1 High Street", "")))
    assert side.port.save_address(key, new_address()) == saved
    for changes in ({"kind": "shipping"}, {"label": "Work"}, {"lines": ("1 High Street", "x")}, {"city": "bath"}):
        assert side.port.save_address(key, new_address(**changes)).number > saved.number
    assert len(side.port.customer(key).addresses) == 6


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"kind": "castle"}, ["kind"]),
        ({"kind": "profile"}, ["kind"]),
        ({"lines": ("x" * 61,)}, ["lines"]),
        ({"lines": ("", "y" * 61)}, ["lines"]),
        ({"lines": ("a", "b", "c")}, ["lines"]),
        ({"lines": (), "city": "", "region": "", "postal_code": "", "country": ""}, ["lines"]),
        ({"city": "x" * 61, "country": "GBR"}, ["city", "country"]),
        ({"label": "x" * 41}, ["label"]),
        ({"city": "\0"}, ["city"]),
    ],
    ids=str,
)
def test_an_address_that_cannot_be_kept_is_refused_by_field(side: Side, changes: dict[str, Any], fields: list[str]) -> None:
    """The messages are texts, whoever gives them, and nothing is added."""
    key, _ = side.register()
    with pytest.raises(InvalidAddress) as caught:
        side.port.save_address(key, new_address(**changes))
    assert sorted(caught.value.errors) == fields
    for messages in caught.value.errors.values():
        assert messages
        assert all(isinstance(message, str) and message for message in messages)
    assert side.port.customer(key).addresses == ()


def test_the_refusal_reads_alike_on_both_sides(side: Side) -> None:
    """What a person is told does not depend on who answers."""
    key, _ = side.register()
    with pytest.raises(InvalidAddress) as caught:
        side.port.save_address(key, new_address(lines=("x" * 61,), kind="castle"))
    assert {field: list(told) for field, told in caught.value.errors.items()} == {
        "lines": ["Ensure this field has no more than 60 characters."],
        "kind": ['"castle" is not a valid choice.'],
    }
