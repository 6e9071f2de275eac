"""The Idempotency-Key of orders."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from monolith.orders.models import Order
from monolith.users.models import Address
from tests.integration.monolith.conftest import Shopper, new_shopper


@pytest.mark.django_db
def test_a_repeat_is_answered_with_the_same_order(shopper: Shopper) -> None:
    """The same request again places nothing and answers the same, and says that it did."""
    first, second = shopper.order(key="k1"), shopper.order(key="k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert ("Idempotent-Replayed" in first, second["Idempotent-Replayed"]) == (False, "true")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_the_order_of_members_does_not_count(shopper: Shopper) -> None:
    """What is the same is what was asked, not how it was written."""
    lines = [{"quantity": 1, "sku": " A1 "}]
    body = {"ship_to": 0, "save_address": False, "lines": lines}
    first = shopper.order(key="k1")
    assert shopper.call("POST", "orders", body, **{"idempotency-key": "k1"}).json() == first.json()


@pytest.mark.django_db
def test_another_order_under_the_same_key_is_refused(shopper: Shopper) -> None:
    """A key that comes back with another body is a 422, and the first order stays alone."""
    shopper.order(key="k1")
    answer = shopper.order(key="k1", lines=[{"sku": "A1", "quantity": 2}])
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:banyan:problem:idempotency-key-reused"
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_keys_belong_to_a_customer(shopper: Shopper) -> None:
    """Two customers may choose the same key; without a key every request is an order."""
    assert shopper.order(key="k1").json()["number"] != new_shopper().order(key="k1").json()["number"]
    assert shopper.order().json()["number"] != shopper.order().json()["number"]


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 81, "a b", "\x7f"])
def test_what_is_no_key_is_refused(shopper: Shopper, key: str) -> None:
    """1 to 80 visible ASCII characters."""
    assert shopper.order(key=key).status_code == 400
    assert shopper.order(key="x" * 80).status_code == 201


@pytest.mark.django_db
def test_a_repeat_is_answered_when_the_product_is_gone(shopper: Shopper) -> None:
    """A repeat is not looked at anew: what was placed is placed."""
    first = shopper.order(key="k1")
    from monolith.catalog.models import Product

    Product.objects.update(is_active=False)
    assert shopper.order(key="k1").json() == first.json()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_placed(shopper: Shopper, eager_tasks: None) -> None:
    """Eight times the same request at the same moment: one order, one saved address, eight times the same answer."""

    def place(_: int) -> tuple[int, str]:
        try:
            answer = Shopper(shopper.user).order(
                key="race", ship_to=None, new_address={"lines": ["2 Low Road"]}, save_address=True
            )
            return answer.status_code, answer.json()["number"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(place, range(8)))
    assert len(answers) == 1
    assert {status for status, _ in answers} == {201}
    assert (Order.objects.count(), Address.objects.count()) == (1, 1)
