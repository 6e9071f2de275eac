"""A shop with two products and a customer, and a client that speaks for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from chassis.identity import tokens
from monolith import celery
from monolith.catalog.models import Category, Product
from monolith.users.models import User

MISDIRECTING_FENCE = """
CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'moved' USING ERRCODE = 'BY421', DETAIL = '{"context": "users", "owner": "service", "epoch": 3}';
END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON users_user EXECUTE FUNCTION pg_temp.refuse();
"""


@dataclass
class Shopper:
    """A customer with an access token."""

    user: User
    client: Client = field(default_factory=Client)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request to the API v1, as JSON."""
        sent = {"authorization": f"Bearer {tokens.issue(self.user.public_id, self.user.id)}", **headers}
        sent_body = "" if body is None else json.dumps(body)
        return self.client.generic(method, f"/api/v1/{path}", sent_body, content_type="application/json", headers=sent)

    def order(self, **body: Any) -> Any:
        """Order one A1 to the profile address, or what is given."""
        key = body.pop("key", None)
        body = {"lines": [{"sku": "A1", "quantity": 1}], "ship_to": 0, **body}
        return self.call("POST", "orders", body, **({"idempotency-key": key} if key else {}))


def new_shopper() -> Shopper:
    """Somebody with a name and a profile address."""
    user = User.objects.create(
        email=f"{uuid4().hex}@example.org", first_name="Ada", last_name="Byron", address_line1="1 High Street", city="York"
    )
    return Shopper(user)


@pytest.fixture(autouse=True)
def local_ports(settings: Any) -> None:
    """These tests are about the monolith's own implementations; who else may be behind a port is tested elsewhere."""
    settings.PORTS = {name: f"monolith.{name}.services:local_{name}" for name in ("users", "catalog", "orders")}


@pytest.fixture
def products() -> dict[str, Product]:
    """Two products for sale, one that is not, one that is no product, one in another currency."""
    bikes = Category.objects.create(name="Bikes")
    road = Category.objects.create(name="Road bikes", parent=bikes)
    made = [
        Product(sku="A1", name="Road bike", list_price=Decimal("1200.50"), category=road),
        Product(sku="a1", name="Bell", list_price=Decimal("9.9999"), category=bikes),
        Product(sku="OLD", name="Penny-farthing", list_price=1, is_active=False),
        Product(sku="POST", name="Postage", list_price=1, is_product=False),
        Product(sku="GB1", name="Tea", list_price=2, currency="GBP"),
        Product(sku="DEAR", name="Palace", list_price=Decimal("99999999")),
    ]
    for product in made:
        product.save()
    return {product.sku: product for product in made}


@pytest.fixture
def shopper(products: dict[str, Product]) -> Shopper:
    """Somebody in the shop."""
    return new_shopper()


@pytest.fixture
def users_moved_out(db: None) -> None:
    """Every write to a customer's row is refused by the fence, as after a cut-over."""
    with connection.cursor() as cursor:
        cursor.execute(MISDIRECTING_FENCE)


@pytest.fixture
def eager_tasks() -> Iterator[None]:
    """Tasks run where they are published."""
    celery.app.conf.task_always_eager = celery.app.conf.task_eager_propagates = True
    yield
    celery.app.conf.task_always_eager = celery.app.conf.task_eager_propagates = False
