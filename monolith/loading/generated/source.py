"""Generated data as a source: the catalogue, then customers in blocks that each have a random number
generator of their own.

A block can be made without those before it, which is what makes a resumed load start at once and memory
constant.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from random import Random

from monolith.loading.generated import orders, products
from monolith.loading.generated.customers import person
from monolith.loading.generated.orders import Shop
from monolith.loading.rows import Row
from monolith.loading.source import Page, Stage
from monolith.loading.tables import ADDRESSES, LINES, ORDERS, PREFERENCES, USERS, Table

BLOCK = 5_000


class Generated:
    """`customers` customers of `seed`, `orders_per_customer` orders each on average, over `products`
    products.
    """

    name = "generated"

    def __init__(self, customers: int, seed: int = 1, orders_per_customer: float = 1.6, products: int = 500) -> None:
        self._customers, self._seed = customers, seed
        self._orders_per_customer, self._products = orders_per_customer, products

    def parameters(self) -> Mapping[str, str]:
        return {
            "customers": str(self._customers),
            "seed": str(self._seed),
            "orders_per_customer": str(self._orders_per_customer),
            "products": str(self._products),
        }

    def stages(self, password: str) -> Sequence[Stage]:
        return (
            Stage("catalogue", self._products, self._catalogue),
            Stage("customers", self._customers, partial(self._pages, password)),
        )

    def _catalogue(self, after: int) -> Iterator[Page]:
        if after < self._products:
            yield products.page(self._seed, self._products)

    def _pages(self, password: str, after: int) -> Iterator[Page]:
        """One page a block; the position counts customers."""
        articles = products.articles(self._seed, self._products)
        shop = orders.Shop(self._seed, articles, self._orders_per_customer)
        for first in range(after // BLOCK * BLOCK, self._customers, BLOCK):
            end = min(first + BLOCK, self._customers)
            if end > after:
                yield Page(end, self._block(first, end, password, shop))

    def _block(self, first: int, end: int, password: str, shop: Shop) -> dict[Table, list[Row]]:
        random = Random(f"{self._seed}/customers/{first}")  # noqa: S311 - test data
        users: list[Row] = []
        addresses: list[Row] = []
        preferences: list[Row] = []
        made = orders.Basket([], [])
        for number in range(first, end):
            customer = person(random, self._seed, number, password)
            users.append(customer.user)
            addresses += customer.addresses
            preferences += customer.preferences
            if shop.per_customer:
                orders.fill(made, random, customer.user, shop)
        return {
            USERS: users, ADDRESSES: addresses, PREFERENCES: preferences, ORDERS: [*made.orders], LINES: [*made.lines],
        }  # fmt: skip
