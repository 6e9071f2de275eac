"""Orders, then their lines: streamed in the files' order, so memory does not grow with them."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from monolith.loading.adventureworks.addresses import Place
from monolith.loading.adventureworks.catalog import Item
from monolith.loading.csvfiles import read
from monolith.loading.errors import FieldError
from monolith.loading.fields import moment, money, text, whole
from monolith.loading.keys import milliseconds, public_id
from monolith.loading.rows import LineRow, OrderRow
from monolith.loading.source import PAGE_ROWS, Page
from monolith.loading.tables import LINES, ORDERS

HEADER_FILE, DETAIL_FILE = "SalesOrderHeader.csv.gz", "SalesOrderDetail.csv.gz"
HEADER = (
    "SalesOrderID", "OrderDate", "Status", "SalesOrderNumber", "CustomerID", "ShipToAddressID", "SubTotal", "TaxAmt",
    "Freight", "TotalDue", "ModifiedDate",
)  # fmt: skip
DETAIL = ("SalesOrderID", "LineNumber", "ProductID", "OrderQty", "UnitPrice", "UnitPriceDiscountPct", "LineTotal")
STATUSES = range(1, 7)
Found = TypeVar("Found")


class Directory(NamedTuple):
    """What orders refer to."""

    names: Mapping[int, str]
    places: Mapping[int, Place]
    items: Mapping[int, Item]


def order_pages(folder: Path, directory: Directory, after: int) -> Iterator[Page]:
    """Pages of orders; the position counts them."""
    rows = read(folder / HEADER_FILE, HEADER, lambda values: _order(values, directory))
    position = 0
    while some := list(islice(rows, PAGE_ROWS)):
        position += len(some)
        page = Page(position, {ORDERS: [*some]})
        page.tally.read[HEADER_FILE] += len(some)
        page.tally.count(HEADER_FILE, "orders", len(some))
        if position > after:
            yield page


def line_pages(folder: Path, directory: Directory, after: int) -> Iterator[Page]:
    """Pages of order lines; the position counts them."""
    rows = read(folder / DETAIL_FILE, DETAIL, lambda values: _line(values, directory))
    position = 0
    while some := list(islice(rows, PAGE_ROWS)):
        position += len(some)
        page = Page(position, {LINES: [*some]})
        page.tally.read[DETAIL_FILE] += len(some)
        page.tally.count(DETAIL_FILE, "order lines", len(some))
        if position > after:
            yield page


def _order(values: tuple[str, ...], directory: Directory) -> OrderRow:
    key, placed, status, number, customer, address, subtotal, tax, freight, total, modified = values
    user = whole(customer, "CustomerID")
    name = _find(directory.names, user, "CustomerID", "Customer.csv.gz")
    place = _find(directory.places, whole(address, "ShipToAddressID"), "ShipToAddressID", "Address.csv.gz")
    if whole(status, "Status") not in STATUSES:
        raise FieldError(f"Status {status!r} is none of 1 to 6")
    at = moment(placed, "OrderDate")
    return OrderRow(
        id=whole(key, "SalesOrderID"),
        public_id=public_id(f"adventureworks/order/{key}", milliseconds(at)),
        number=text(number, 25, "SalesOrderNumber"),
        user_id=user,
        kind=0,
        status=whole(status, "Status"),
        ship_name=name,
        ship_address=place.one_line(),
        ship_country=place.country,
        currency="USD",
        subtotal=money(subtotal, "SubTotal"),
        tax=money(tax, "TaxAmt"),
        freight=money(freight, "Freight"),
        total=money(total, "TotalDue"),
        placed_at=at,
        modified=moment(modified, "ModifiedDate"),
    )


def _line(values: tuple[str, ...], directory: Directory) -> LineRow:
    order, number, product, quantity, price, discount, total = values
    key = whole(product, "ProductID")
    item = _find(directory.items, key, "ProductID", "Product.csv.gz")
    return LineRow(
        whole(order, "SalesOrderID"), whole(number, "LineNumber"), key, item.sku, item.name, whole(quantity, "OrderQty"),
        money(price, "UnitPrice"), money(discount, "UnitPriceDiscountPct"), money(total, "LineTotal"),
    )  # fmt: skip


def _find(known: Mapping[int, Found], key: int, field: str, file: str) -> Found:
    found = known.get(key)
    if found is None:
        raise FieldError(f"{field} {key} is not in {file}")
    return found
