"""What happens to products, told to other contexts as facts."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class PriceChanged:
    """A product costs something else from now on."""

    sku: str
    old: Decimal
    new: Decimal
    currency: str
