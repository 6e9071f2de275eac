"""One row of the file, and what kind of invoice it belongs to."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from monolith.loading.csvfiles import read
from monolith.loading.errors import FieldError
from monolith.loading.fields import moment, money, optional_whole, text, whole
from monolith.loading.onlineretail.countries import country_code

FILE = "online_retail.csv.gz"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
NOT_PRODUCTS = frozenset(
    {"POST", "DOT", "C2", "M", "m", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"}
)  # postage (three), manual (two), discount, samples, bad debt, fees, charity commission


class Kind(IntEnum):
    """The numbers are orders' `OrderKind`."""

    SALE = 0
    CREDIT_NOTE = 1
    STOCK_NOTE = 2
    BAD_DEBT = 3


class Line(NamedTuple):
    invoice: str
    code: str
    description: str
    quantity: int
    at: datetime
    price: Decimal
    customer: int | None
    country: str

    def amount(self) -> Decimal:
        return self.quantity * self.price


def read_lines(path: Path) -> Iterator[Line]:
    """The file's rows in order. Raises `BadInput`."""
    return read(path, COLUMNS, _line)


def kind_of(invoice: str, customer: int | None, *, free: bool) -> Kind:
    """The kind of an invoice; `free` when every line of it costs nothing."""
    if invoice.startswith("C"):
        return Kind.CREDIT_NOTE
    if invoice.startswith("A"):
        return Kind.BAD_DEBT
    return Kind.STOCK_NOTE if customer is None and free else Kind.SALE


def order_id(invoice: str) -> int:
    """The invoice's digits."""
    return int(invoice.lstrip("CA"))


def _line(values: tuple[str, ...]) -> Line:
    invoice, code, description, quantity, at, price, customer, country = values
    if not (invoice.isascii() and invoice.removeprefix("C").removeprefix("A").isdigit()):
        raise FieldError(f"InvoiceNo {invoice!r} is not digits after an optional C or A")
    country_code(country)
    sku = text(code, 40, "StockCode")
    if not sku:
        raise FieldError("StockCode is empty")
    return Line(
        invoice, sku, text(description, 200, "Description"), whole(quantity, "Quantity"), moment(at, "InvoiceDate"),
        money(price, "UnitPrice"), optional_whole(customer, "CustomerID"), country,
    )  # fmt: skip
