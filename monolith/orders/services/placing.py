"""Placing an order.

The ports are asked before the transaction begins; a new address is saved at its very end. So a transaction
is not held open for another process' reads, and an address is saved only for an order that is as good as
placed. With the users context in this process both are committed together; with the service, the order's
commit alone is left to fail after the address was saved. The request sent once more then finds it there.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import IntegrityError, transaction

from monolith import ports
from monolith.catalog.api import ProductForSale
from monolith.facts import publish
from monolith.orders.commands import KeyReused, LineWanted, OrderRefused, PlaceOrder
from monolith.orders.events import OrderPlaced
from monolith.orders.models import Order, OrderLine
from monolith.orders.services.numbers import next_number
from monolith.users.api import Customer, NewAddress, PostalAddress

IDEMPOTENCY = "orders_order_idempotency"
HIGHEST_TOTAL = Decimal("9999999999.9999")  # what the columns hold


class Placed(NamedTuple):
    """An order, whose it is, and whether this request placed it."""

    order: Order
    customer: Customer
    is_new: bool


def place_order(wanted: PlaceOrder) -> Placed:
    """Place it, or find what was placed under the same Idempotency-Key.

    Raises `OrderRefused`, `KeyReused`, and what the users port raises.
    """
    customer = ports.users().customer(wanted.customer)
    if earlier := _earlier(wanted):
        return Placed(earlier, customer, is_new=False)
    products = ports.catalog().products({line.sku for line in wanted.lines})
    currency = _one_currency(wanted.lines, products)
    lines = [_line(number, line, products[line.sku]) for number, line in enumerate(wanted.lines, start=1)]
    order = _order(wanted, customer, _total(lines), currency, _destination(wanted, customer))
    try:
        _commit(order, lines, wanted)
    except IntegrityError as error:
        # The same request came twice at once: the unique key let one of them through, and this one waited for it.
        if _constraint(error) == IDEMPOTENCY and (earlier := _earlier(wanted)):
            return Placed(earlier, customer, is_new=False)
        raise
    return Placed(order, customer, is_new=True)


def _earlier(wanted: PlaceOrder) -> Order | None:
    if wanted.idempotency_key is None:
        return None
    earlier = Order.objects.filter(user_id=wanted.customer, idempotency_key=wanted.idempotency_key).first()
    if earlier is not None and earlier.request_digest != wanted.digest:
        raise KeyReused
    return earlier


def _one_currency(wanted: Sequence[LineWanted], products: dict[str, ProductForSale]) -> str:
    unknown = sorted({line.sku for line in wanted} - products.keys())
    if unknown:
        raise OrderRefused(lines=[f"Not for sale: {sku}." for sku in unknown])
    currency, *others = {product.currency for product in products.values()}
    if others:
        raise OrderRefused(lines=["One order has one currency; order these products apart."])
    return currency


def _line(number: int, line: LineWanted, product: ProductForSale) -> OrderLine:
    return OrderLine(
        line_number=number,
        product_id=product.key,
        sku=product.sku,
        name=product.name,
        quantity=line.quantity,
        unit_price=product.price,
        line_total=product.price * line.quantity,
    )


def _total(lines: Sequence[OrderLine]) -> Decimal:
    total = sum((line.line_total for line in lines), Decimal(0))
    if total > HIGHEST_TOTAL:
        raise OrderRefused(lines=[f"An order comes to at most {HIGHEST_TOTAL}."])
    return total


def _destination(wanted: PlaceOrder, customer: Customer) -> NewAddress | PostalAddress:
    if wanted.new_address is not None:
        return wanted.new_address
    for address in customer.addresses:
        if wanted.ship_to in (None, address.number):
            return address
    if wanted.ship_to is None:
        raise OrderRefused(ship_to=["You have no address yet; give a new one."])
    raise OrderRefused(ship_to=["You have no address with this number."])


def _order(
    wanted: PlaceOrder,
    customer: Customer,
    total: Decimal,
    currency: str,
    place: NewAddress | PostalAddress,
) -> Order:
    parts = (*place.lines, place.city, place.region, place.postal_code)
    return Order(
        number=next_number(),
        user_id=customer.key,
        ship_name=customer.display_name[:200],
        ship_address=", ".join(part for part in parts if part),
        ship_country=place.country,
        currency=currency,
        subtotal=total,
        total=total,
        idempotency_key=wanted.idempotency_key,
        request_digest=wanted.digest,
    )


def _commit(order: Order, lines: Sequence[OrderLine], wanted: PlaceOrder) -> None:
    with transaction.atomic():
        order.save(force_insert=True)
        for line in lines:
            line.order = order
        OrderLine.objects.bulk_create(lines)
        if wanted.new_address is not None and wanted.save_address:
            ports.users().save_address(wanted.customer, wanted.new_address)
        publish(OrderPlaced(order.id, order.number, wanted.customer, order.total, order.currency))


def _constraint(error: IntegrityError) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
