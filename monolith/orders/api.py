"""The orders context's door: what other contexts may ask of it, in plain values. Nothing here knows Django
or a database.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as other contexts see it; `customer` is the customer's key, None for a sale without a known
    one.
    """

    key: int
    public_id: UUID
    number: str
    customer: int | None
    status: str
    total: Decimal
    currency: str
    placed_at: datetime


class UnknownOrder(Exception):
    """No order has this number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"No order has the number {number}.")
        self.number = number


class OrdersPort(Protocol):
    """What has been ordered."""

    def order(self, number: str) -> PlacedOrder:
        """One order. Raises `UnknownOrder`."""
        ...
