"""What a request writes at the service, through the gateway, its own answer tells, so that nobody reads elsewhere too early."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from chassis.identity import tokens
from chassis.replica import positions
from monolith.catalog.models import Category, Product
from monolith.users.api import UsersPort
from tests.contract.users_port.sides import Service, new_address

pytestmark = pytest.mark.django_db

PORT: list[UsersPort] = []


def users_at_the_service() -> UsersPort:
    """As `settings.PORTS` names it."""
    return PORT[0]


@pytest.fixture
def users_moved_out(service: Service, settings: Any) -> None:
    """The monolith owns orders, the service users."""
    PORT[:] = [service.port]
    settings.PORTS = {**settings.PORTS, "users": f"{__name__}:users_at_the_service"}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 1), ('orders', 'monolith', 3)"
        )


def test_a_write_through_the_gateway_is_noted(service: Service) -> None:
    """With the service's epoch and transaction id; reading notes nothing."""
    key, _ = service.register()
    with positions.noting() as noted:
        service.port.customer(key)
        assert noted == {}
        service.port.save_address(key, new_address())
        first = noted["users"]
        service.port.save_address(key, new_address())
    assert first[0] == 1
    assert noted["users"] > first


@pytest.mark.usefixtures("users_moved_out")
def test_an_order_tells_where_its_new_address_stands(service: Service) -> None:
    """The address is the service's write and the order the monolith's; the customer's next read may need either."""
    Product.objects.create(sku="A1", name="Bell", list_price=1, category=Category.objects.create(name="Bells"))
    key, _ = service.register()
    token = tokens.issue(service.port.customer(key).public_id, key)
    body = {
        "lines": [{"sku": "A1", "quantity": 1}],
        "new_address": {"lines": ["2 Low Road"], "country": "GB"},
        "save_address": True,
    }
    answer = Client().post("/api/v1/orders", body, "application/json", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.content
    with positions.noting() as told:
        positions.note(answer.headers.get(positions.HEADER))
    assert {context: epoch for context, (epoch, _) in told.items()} == {"orders": 3, "users": 1}
    assert len(service.port.customer(key).addresses) == 1
