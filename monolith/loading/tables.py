"""The tables that a load fills, in the order in which their rows must exist."""

from dataclasses import dataclass

from monolith.loading import rows


@dataclass(frozen=True)
class Table:
    """`key` finds the row that is already there; `same` decides whether it is the same row or another that
    has taken its key.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    same: tuple[str, ...]
    has_sequence: bool = True

    @property
    def staging(self) -> str:
        return f"load_{self.name}"


CATEGORIES = Table("catalog_category", rows.CategoryRow._fields, ("id",), ("id", "name"))
PRODUCTS = Table("catalog_product", rows.ProductRow._fields, ("id",), ("id", "public_id"))
USERS = Table("users_user", rows.UserRow._fields, ("id",), ("id", "public_id"))
ADDRESSES = Table("users_address", rows.AddressRow._fields, ("id",), ("id", "user_id"))
PREFERENCES = Table("users_preference", rows.PreferenceRow._fields, ("user_id", "name"), ("user_id", "name"), has_sequence=False)
ORDERS = Table("orders_order", rows.OrderRow._fields, ("id",), ("id", "public_id"))
LINES = Table(
    "orders_orderline", rows.LineRow._fields, ("order_id", "line_number"), ("order_id", "line_number", "sku"), has_sequence=False
)

TABLES = (CATEGORIES, PRODUCTS, USERS, ADDRESSES, PREFERENCES, ORDERS, LINES)
