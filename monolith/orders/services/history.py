"""What has been ordered."""

from collections.abc import Iterable

from django.db.models import QuerySet

from monolith import ports
from monolith.orders.api import OrdersPort, PlacedOrder, UnknownOrder
from monolith.orders.models import Order, OrderStatus
from monolith.users.api import Customer


def history(customer: int) -> QuerySet[Order]:
    """A customer's orders with their lines, newest first."""
    return Order.objects.filter(user_id=customer).order_by("-placed_at", "-id").prefetch_related("lines")


def own_order(customer: int, number: str) -> Order:
    """One of the customer's own orders. Raises `UnknownOrder`, also for somebody else's."""
    found = Order.objects.filter(user_id=customer, number=number).prefetch_related("lines").first()
    if found is None:
        raise UnknownOrder(number)
    return found


def customers_of(orders: Iterable[Order]) -> dict[int, Customer]:
    """Who placed these orders, asked of the users context in one call."""
    keys = sorted({order.user_id for order in orders if order.user_id is not None})
    return ports.users().customers(keys) if keys else {}


class LocalOrders:
    """`OrdersPort` from the monolith's own tables."""

    def order(self, number: str) -> PlacedOrder:
        row = Order.objects.filter(number=number).first()
        if row is None:
            raise UnknownOrder(number)
        return PlacedOrder(
            key=row.id,
            public_id=row.public_id,
            number=row.number,
            customer=row.user_id,
            status=OrderStatus(row.status).name.lower(),
            total=row.total,
            currency=row.currency,
            placed_at=row.placed_at,
        )


def local_orders() -> OrdersPort:
    """The port's factory, for `settings.PORTS`."""
    return LocalOrders()
