"""The rows that a source makes, one type a table: the fields are the columns that are copied."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

Amount = Decimal | str


class UserRow(NamedTuple):
    id: int
    public_id: str
    email: str
    password: str
    date_joined: datetime
    modified: datetime
    title: str = ""
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    suffix: str = ""
    nickname: str | None = None
    phone: str = ""
    phone_type: int = 0
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_code: str = ""
    email_promotion: int = 0
    account_number: str = ""
    is_active: bool = True


class AddressRow(NamedTuple):
    id: int
    user_id: int
    kind: int
    label: str
    address_line1: str
    address_line2: str
    city: str
    state: str
    postal_code: str
    country_code: str
    created_at: datetime


class PreferenceRow(NamedTuple):
    user_id: int
    name: str
    value: str


class CategoryRow(NamedTuple):
    id: int
    parent_id: int | None
    name: str


class ProductRow(NamedTuple):
    id: int
    public_id: str
    sku: str
    name: str
    category_id: int | None
    color: str
    size: str
    list_price: Amount
    currency: str
    is_product: bool
    is_active: bool
    created_at: datetime
    modified: datetime


class OrderRow(NamedTuple):
    id: int
    public_id: str
    number: str
    user_id: int | None
    kind: int
    status: int
    ship_name: str
    ship_address: str
    ship_country: str
    currency: str
    subtotal: Amount
    tax: Amount
    freight: Amount
    total: Amount
    placed_at: datetime
    modified: datetime


class LineRow(NamedTuple):
    order_id: int
    line_number: int
    product_id: int | None
    sku: str
    name: str
    quantity: int
    unit_price: Amount
    discount: Amount
    line_total: Amount


Row = UserRow | AddressRow | PreferenceRow | CategoryRow | ProductRow | OrderRow | LineRow
