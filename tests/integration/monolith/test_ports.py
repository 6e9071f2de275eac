"""The ports, bound to the monolith's own tables."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from chassis.replica.authority import misdirected_in
from monolith import ports
from monolith.orders.api import UnknownOrder
from monolith.orders.models import Order
from monolith.users.api import InvalidAddress, NewAddress, UnknownCustomer
from tests.integration.monolith.conftest import Shopper, new_shopper

pytestmark = pytest.mark.django_db

ADDRESS = NewAddress("home", "", ("2 Low Road",), "Leeds", "", "", "GB")


def test_customers_come_in_two_queries(shopper: Shopper, django_assert_num_queries: Any) -> None:
    """However many are asked for; those that are not there are absent."""
    keys = [shopper.user.id, *(new_shopper().user.id for _ in range(5)), 10**15]
    with django_assert_num_queries(2):
        found = ports.users().customers(keys)
    assert set(found) == set(keys[:-1])
    assert found[shopper.user.id].display_name == "Ada Byron"
    assert [address.number for address in found[shopper.user.id].addresses] == [0]


def test_an_unknown_customer_is_told(db: None) -> None:
    """Reading and writing for nobody name the key."""
    for call in (lambda: ports.users().customer(7), lambda: ports.users().save_address(7, ADDRESS)):
        with pytest.raises(UnknownCustomer) as told:
            call()
        assert told.value.key == 7


def test_a_bad_address_is_told_by_field(shopper: Shopper) -> None:
    """An in-process caller learns what a client would."""
    with pytest.raises(InvalidAddress) as told:
        ports.users().save_address(shopper.user.id, NewAddress("castle", "", ("x" * 61,), "", "", "", "GBR"))
    assert set(told.value.errors) == {"kind", "lines", "country"}


def test_a_fenced_write_leaves_the_callers_transaction_usable(shopper: Shopper, users_moved_out: None) -> None:
    """The refusal can be told from any other error, and the caller can go on and commit."""
    with transaction.atomic():
        with pytest.raises(DatabaseError) as refused:
            ports.users().save_address(shopper.user.id, ADDRESS)
        refusal = misdirected_in(refused.value)
        assert refusal is not None
        assert (refusal.context, refusal.owner, refusal.epoch) == ("users", "service", 3)
        Order.objects.create(number="after")
    assert Order.objects.filter(number="after").exists()


def test_only_what_is_for_sale_has_a_price(shopper: Shopper) -> None:
    """Codes differ by case; what is unknown, inactive or no product is absent."""
    found = ports.catalog().products(["A1", "a1", "OLD", "POST", "none"])
    assert {sku: str(product.price) for sku, product in found.items()} == {"A1": "1200.5000", "a1": "9.9999"}


def test_an_order_is_told_by_number(shopper: Shopper) -> None:
    """Other contexts see an order's number, customer, status and total."""
    number = shopper.order().json()["number"]
    order = ports.orders().order(number)
    assert (order.number, order.customer, order.status, str(order.total)) == (number, shopper.user.id, "in_process", "1200.5000")
    with pytest.raises(UnknownOrder):
        ports.orders().order("none")


def test_a_port_is_asked_for_anew_each_time(settings: Any) -> None:
    """What the setting names is what the next call gets."""
    settings.PORTS = {**settings.PORTS, "users": f"{__name__}:a_port"}
    assert ports.users() is A_PORT


A_PORT = object()


def a_port() -> object:
    """A factory as `settings.PORTS` names it."""
    return A_PORT
