"""Placing orders over HTTP."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from monolith.catalog.models import Product
from monolith.orders.models import Order
from monolith.orders.serializers import MAX_LINES, OrderLineSerializer, OrderSerializer
from monolith.users.models import Address
from tests.integration.monolith.conftest import Shopper, new_shopper

pytestmark = pytest.mark.django_db

NEW_ADDRESS = {"lines": ["2 Low Road"], "city": "Leeds", "country": "GB"}


def test_an_order_has_the_catalogs_prices(shopper: Shopper) -> None:
    """Prices come from the catalog, never from the client, and add up exactly."""
    lines = [{"sku": "A1", "quantity": 2, "unit_price": "0.01"}, {"sku": "a1", "quantity": 3}]
    answer = shopper.order(lines=lines)
    assert answer.status_code == 201
    order = answer.json()
    assert [(line["sku"], line["unit_price"], line["line_total"]) for line in order["lines"]] == [
        ("A1", "1200.5000", "2401.0000"),
        ("a1", "9.9999", "29.9997"),
    ]
    assert order["total"] == order["subtotal"] == "2430.9997"
    assert (order["status"], order["kind"], order["currency"]) == ("in_process", "sale", "USD")


def test_the_answer_is_the_documented_one(shopper: Shopper) -> None:
    """The hand-written JSON has the members of the OpenAPI document's schema, no more and no fewer."""
    order = shopper.order().json()
    assert set(order) == set(OrderSerializer().fields)
    assert set(order["lines"][0]) == set(OrderLineSerializer().fields)
    assert order["customer"] == {"display_name": "Ada Byron", "email": shopper.user.email}


def test_an_order_reads_the_same_later(shopper: Shopper) -> None:
    """The answer to placing it, its own page and the history agree to the last digit."""
    placed = shopper.order().json()
    assert shopper.call("GET", f"orders/{placed['number']}").json() == placed
    assert shopper.call("GET", "orders").json()["results"] == [placed]


def test_the_ways_to_name_an_address(shopper: Shopper) -> None:
    """The profile address by 0, another by its number, a new one, and by default the first that there is."""
    further = Address.objects.create(user=shopper.user, kind=5, address_line1="3 Mid Way", country_code="FR")
    for body, shipped in (
        ({"ship_to": 0}, ("1 High Street, York", "")),
        ({"ship_to": further.id}, ("3 Mid Way", "FR")),
        ({"ship_to": None}, ("1 High Street, York", "")),
        ({"ship_to": None, "new_address": NEW_ADDRESS}, ("2 Low Road, Leeds", "GB")),
    ):
        order = shopper.order(**body).json()
        assert (order["ship_address"], order["ship_country"]) == shipped
    assert Address.objects.filter(user=shopper.user).count() == 1


def test_a_new_address_is_saved_on_request(shopper: Shopper) -> None:
    """It becomes one of the customer's own, and only if the order is placed."""
    body = {"ship_to": None, "new_address": NEW_ADDRESS, "save_address": True}
    assert shopper.order(**body, lines=[{"sku": "nothing", "quantity": 1}]).status_code == 400
    assert not Address.objects.exists()
    assert shopper.order(**body).status_code == 201
    saved = Address.objects.get(user=shopper.user)
    assert (saved.address_line1, saved.city, saved.kind) == ("2 Low Road", "Leeds", 5)


def test_an_address_that_users_refuses_is_a_bad_request(shopper: Shopper) -> None:
    """The users context has the last word on what it saves; the order is then not placed either."""
    body = {"ship_to": None, "new_address": {**NEW_ADDRESS, "kind": "castle"}, "save_address": True}
    answer = shopper.order(**body)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]["new_address"]) == {"kind"}
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": "A1"}, "lines"),
        ({"lines": [{"sku": "A1", "quantity": 1}] * (MAX_LINES + 1)}, "lines"),
        ({"lines": [{"sku": "A1", "quantity": 0}]}, "lines"),
        ({"lines": [{"sku": "A1", "quantity": 10_001}]}, "lines"),
        ({"lines": [{"sku": "A1"}]}, "lines"),
        ({"lines": [{"sku": "A\x001", "quantity": 1}]}, "lines"),
        ({"lines": [{"sku": "none", "quantity": 1}]}, "lines"),
        ({"lines": [{"sku": "OLD", "quantity": 1}]}, "lines"),
        ({"lines": [{"sku": "POST", "quantity": 1}]}, "lines"),
        ({"lines": [{"sku": "A1", "quantity": 1}, {"sku": "GB1", "quantity": 1}]}, "lines"),
        ({"lines": [{"sku": "DEAR", "quantity": 10_000}]}, "lines"),
        ({"ship_to": 999}, "ship_to"),
        ({"ship_to": -1}, "ship_to"),
        ({"ship_to": 10**30}, "ship_to"),
        ({"ship_to": 0, "new_address": NEW_ADDRESS}, "ship_to"),
        ({"ship_to": None, "new_address": {"lines": []}}, "new_address"),
        ({"ship_to": None, "new_address": {"lines": ["x" * 61]}}, "new_address"),
        ({"save_address": "perhaps"}, "save_address"),
    ],
)
def test_what_is_no_order_is_refused(shopper: Shopper, body: dict[str, Any], field: str) -> None:
    """A bad order is a 400 that names the field, and nothing is stored."""
    answer = shopper.order(**body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()["errors"]) == {field}
    assert not Order.objects.exists()


def test_somebody_elses_address_cannot_be_named(shopper: Shopper) -> None:
    """Numbers of others are answered like numbers of nobody."""
    theirs = Address.objects.create(user=new_shopper().user, kind=5, address_line1="3 Mid Way")
    assert shopper.order(ship_to=theirs.id).status_code == 400


def test_without_any_address_there_is_nowhere_to_ship(shopper: Shopper) -> None:
    """Somebody without an address must give one."""
    type(shopper.user).objects.filter(pk=shopper.user.pk).update(address_line1="", city="")
    assert shopper.order(ship_to=None).status_code == 400
    assert shopper.order(ship_to=None, new_address=NEW_ADDRESS).status_code == 201


def test_a_customer_who_is_gone_cannot_order(shopper: Shopper) -> None:
    """A token outlives its account by minutes; it is then a 401."""
    shopper.user.delete()
    assert shopper.order().status_code == 401


def test_an_order_needs_a_token(shopper: Shopper) -> None:
    """Nobody in particular can neither order nor look."""
    for method in ("GET", "POST"):
        assert shopper.client.generic(method, "/api/v1/orders").status_code == 401


def test_history_is_ones_own_and_newest_first(shopper: Shopper) -> None:
    """Somebody else's orders are not there, by number either."""
    numbers = [shopper.order().json()["number"] for _ in range(3)]
    stranger = new_shopper()
    assert [order["number"] for order in shopper.call("GET", "orders").json()["results"]] == numbers[::-1]
    assert stranger.call("GET", "orders").json()["count"] == 0
    assert stranger.call("GET", f"orders/{numbers[0]}").status_code == 404


def test_a_page_of_orders_takes_few_queries(shopper: Shopper, django_assert_max_num_queries: Any) -> None:
    """However many orders and lines, the users context is asked once: authority, count, orders, lines, customer, addresses."""
    for _ in range(8):
        shopper.order()
    with django_assert_max_num_queries(6):
        assert shopper.call("GET", "orders").json()["count"] == 8


def test_an_order_keeps_its_names_and_prices(shopper: Shopper, products: dict[str, Product]) -> None:
    """A product that is renamed or dearer later leaves the order as it was; the customer is called what they are called now."""
    number = shopper.order().json()["number"]
    Product.objects.filter(sku="A1").update(name="Old bike", list_price=Decimal("1"))
    type(shopper.user).objects.filter(pk=shopper.user.pk).update(nickname="Countess")
    order = shopper.call("GET", f"orders/{number}").json()
    assert (order["lines"][0]["name"], order["total"]) == ("Road bike", "1200.5000")
    assert (order["ship_name"], order["customer"]["display_name"]) == ("Ada Byron", "Countess")


def test_a_fenced_address_is_misdirected_and_not_half_done(shopper: Shopper, users_moved_out: None) -> None:
    """When the fence turns the address away the order is not there either, and the answer is 421 for users, not a 500."""
    answer = shopper.order(ship_to=None, new_address=NEW_ADDRESS, save_address=True)
    assert answer.status_code == 421
    assert (answer["Banyan-Context"], answer["Banyan-Owner"], answer["Banyan-Epoch"]) == ("users", "service", "3")
    assert not Order.objects.exists()


def test_a_number_with_odd_letters_is_not_there(shopper: Shopper) -> None:
    """Whatever is written in the place of the number."""
    for number in ("x" * 26, "a%00b", "é", "%F0%9F%94%91", "'"):
        assert shopper.call("GET", f"orders/{number}").status_code == 404
    assert connection.is_usable()
