"""Categories in two levels, and products."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from monolith.loading.csvfiles import read
from monolith.loading.errors import FieldError
from monolith.loading.fields import moment, money, optional_whole, text, whole
from monolith.loading.keys import milliseconds, public_id
from monolith.loading.rows import CategoryRow, ProductRow
from monolith.loading.source import Page
from monolith.loading.tables import CATEGORIES, PRODUCTS

SUBCATEGORY_OFFSET = 100
CATEGORY_FILE, SUBCATEGORY_FILE, PRODUCT_FILE = "ProductCategory.csv.gz", "ProductSubcategory.csv.gz", "Product.csv.gz"
PRODUCT = (
    "ProductID", "Name", "ProductNumber", "FinishedGoodsFlag", "Color", "ListPrice", "Size", "ProductSubcategoryID",
    "SellStartDate", "SellEndDate", "DiscontinuedDate", "ModifiedDate",
)  # fmt: skip


class Item(NamedTuple):
    """What an order line copies of a product."""

    sku: str
    name: str


def read_products(folder: Path) -> list[ProductRow]:
    return list(read(folder / PRODUCT_FILE, PRODUCT, _product))


def items(products: list[ProductRow]) -> Mapping[int, Item]:
    return {product.id: Item(product.sku, product.name) for product in products}


def pages(folder: Path, products: list[ProductRow], after: int) -> Iterator[Page]:
    """One page: categories, subcategories, products."""
    if after:
        return
    page = Page(position=len(products))
    for file, rows in ((CATEGORY_FILE, _categories(folder)), (SUBCATEGORY_FILE, _subcategories(folder))):
        for row in rows:
            page.put(CATEGORIES, row)
            page.tally.read[file] += 1
            page.tally.count(file, "categories")
    for product in products:
        page.put(PRODUCTS, product)
        page.tally.read[PRODUCT_FILE] += 1
        page.tally.count(PRODUCT_FILE, "products")
        page.tally.rules["products without a list price: kept at 0"] += product.list_price == 0
        page.tally.rules["products that are parts or no longer sold: not active"] += not product.is_active
    yield page


def _categories(folder: Path) -> Iterator[CategoryRow]:
    return read(
        folder / CATEGORY_FILE,
        ("ProductCategoryID", "Name"),
        lambda row: CategoryRow(whole(row[0], "ProductCategoryID"), None, text(row[1], 100, "Name")),
    )


def _subcategories(folder: Path) -> Iterator[CategoryRow]:
    return read(
        folder / SUBCATEGORY_FILE,
        ("ProductSubcategoryID", "ProductCategoryID", "Name"),
        lambda row: CategoryRow(
            SUBCATEGORY_OFFSET + whole(row[0], "ProductSubcategoryID"),
            whole(row[1], "ProductCategoryID"),
            text(row[2], 100, "Name"),
        ),
    )


def _product(row: tuple[str, ...]) -> ProductRow:
    key, name, number, finished, color, price, size, subcategory, start, end, discontinued, modified = row
    if finished not in {"0", "1"}:
        raise FieldError(f"FinishedGoodsFlag {finished!r} is neither 0 nor 1")
    parent = optional_whole(subcategory, "ProductSubcategoryID")
    created = moment(start, "SellStartDate")
    return ProductRow(
        id=whole(key, "ProductID"),
        public_id=public_id(f"adventureworks/product/{key}", milliseconds(created)),
        sku=text(number, 40, "ProductNumber"),
        name=text(name, 200, "Name"),
        category_id=None if parent is None else SUBCATEGORY_OFFSET + parent,
        color=text(color, 20, "Color"),
        size=text(size, 10, "Size"),
        list_price=money(price, "ListPrice"),
        currency="USD",
        is_product=True,
        is_active=finished == "1" and not end and not discontinued,
        created_at=created,
        modified=moment(modified, "ModifiedDate"),
    )
