"""The catalog context's door: what other contexts may ask of it, in plain values. Nothing here knows Django
or a database.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ProductForSale:
    """A product that can be ordered now, at this price; `key` is the integer that other contexts keep as a
    reference.
    """

    key: int
    sku: str
    name: str
    price: Decimal
    currency: str


class CatalogPort(Protocol):
    """What is for sale."""

    def products(self, skus: Collection[str]) -> dict[str, ProductForSale]:
        """The products with these codes; those that are unknown or not for sale are absent from the answer."""
        ...
