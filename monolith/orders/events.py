"""What happens to orders, told to other contexts as facts."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """A customer ordered something; `key` is the order's, `customer` the customer's."""

    key: int
    number: str
    customer: int
    total: Decimal
    currency: str
