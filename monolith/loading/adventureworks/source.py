"""The AdventureWorks folder as a source: catalogue, customers, orders, lines."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from monolith.loading import csvfiles
from monolith.loading.adventureworks import addresses, catalog, customers, orders, people
from monolith.loading.adventureworks.customers import Book
from monolith.loading.source import Stage

FILES = tuple(
    f"{name}.csv.gz"
    for name in (
        "Address", "BusinessEntityAddress", "Customer", "EmailAddress", "Person", "PersonPhone", "Product", "ProductCategory",
        "ProductSubcategory", "SalesOrderDetail", "SalesOrderHeader", "StateProvince",
    )
)  # fmt: skip


class AdventureWorks:
    """`data` is the folder that holds the folder ``adventureworks``."""

    name = "adventureworks"

    def __init__(self, data: Path) -> None:
        self._folder = data / self.name

    def parameters(self) -> Mapping[str, str]:
        csvfiles.require(self._folder, FILES)
        return {"data": csvfiles.fingerprint(self._folder / name for name in FILES)}

    def stages(self, password: str) -> Sequence[Stage]:
        """Reads the files about people, addresses and products, and counts the orders and lines, which are streamed later."""
        csvfiles.require(self._folder, FILES)
        order_count = csvfiles.count(self._folder / orders.HEADER_FILE, orders.HEADER)
        line_count = csvfiles.count(self._folder / orders.DETAIL_FILE, orders.DETAIL)
        book = self._read_book()
        products = catalog.read_products(self._folder)
        directory = orders.Directory(
            {customer.id: people.display_name(people.user_row(customer, book.people, None, "")) for customer in book.customers},
            book.places,
            catalog.items(products),
        )
        return (
            Stage("catalogue", len(products), partial(catalog.pages, self._folder, products)),
            Stage("customers", len(book.customers) + 1, partial(customers.pages, book, password)),
            Stage("orders", order_count, partial(orders.order_pages, self._folder, directory)),
            Stage("order lines", line_count, partial(orders.line_pages, self._folder, directory)),
        )

    def _read_book(self) -> Book:
        known = people.read_people(self._folder)
        places = addresses.read_places(self._folder)
        return Book(people.read_customers(self._folder, known), known, places, addresses.read_links(self._folder, places))
