"""What the API says of an order. Written by hand, since a page of orders has hundreds of lines; the serializers of
`serializers.py` describe the same shapes for the OpenAPI document, and a test holds the two together.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from monolith.orders.models import Order, OrderKind, OrderLine, OrderStatus
from monolith.users.api import Customer

KINDS = {kind.value: kind.name.lower() for kind in OrderKind}
STATUSES = {status.value: status.name.lower() for status in OrderStatus}


def order_json(order: Order, customers: Mapping[int, Customer]) -> dict[str, Any]:
    """`OrderSerializer`'s shape; `customers` has whoever is known of those who placed the page's orders."""
    lines = sorted(order.lines.all(), key=lambda line: line.line_number)
    return {
        "id": order.public_id,
        "number": order.number,
        "kind": KINDS[order.kind],
        "status": STATUSES[order.status],
        "customer": _customer_json(customers.get(order.user_id)) if order.user_id is not None else None,
        "ship_name": order.ship_name,
        "ship_address": order.ship_address,
        "ship_country": order.ship_country,
        "currency": order.currency,
        "subtotal": _money(order.subtotal),
        "tax": _money(order.tax),
        "freight": _money(order.freight),
        "total": _money(order.total),
        "placed_at": order.placed_at,
        "lines": [_line_json(line) for line in lines],
    }


def _customer_json(customer: Customer | None) -> dict[str, str] | None:
    return None if customer is None else {"display_name": customer.display_name, "email": customer.email}


def _line_json(line: OrderLine) -> dict[str, Any]:
    return {
        "line_number": line.line_number,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": _money(line.unit_price),
        "discount": _money(line.discount),
        "line_total": _money(line.line_total),
    }


def _money(value: Decimal) -> str:
    """With the four decimals of its column, whether it was read from there or not."""
    return f"{value:.4f}"
