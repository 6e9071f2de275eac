"""The orders of one generated customer, and the guest orders between them."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from random import Random
from typing import NamedTuple

from monolith.loading.generated import FIRST_KEY
from monolith.loading.generated.products import Article
from monolith.loading.keys import milliseconds, public_id
from monolith.loading.rows import LineRow, OrderRow, UserRow

SHIPPED, CANCELLED, IN_PROCESS = 5, 6, 1
GUESTS = 0.05
FREE = "0"


class Shop(NamedTuple):
    seed: int
    articles: Sequence[Article]
    per_customer: float


class Basket(NamedTuple):
    orders: list[OrderRow]
    lines: list[LineRow]


def most_orders(per_customer: float) -> int:
    """The most orders that one customer can have; customer n owns that many order keys."""
    return ceil(2 * per_customer)


def fill(made: Basket, random: Random, user: UserRow, shop: Shop) -> None:
    """Add zero to twice `shop.per_customer` orders, with that mean; each has one to seven lines. One in twenty
    is a guest's.
    """
    most = most_orders(shop.per_customer)
    count = min(most, int(2 * shop.per_customer * random.random() + random.random()))
    first = FIRST_KEY + (user.id - FIRST_KEY) * most
    for key in range(first, first + count):
        _order(made, random, key, user, shop)


def _order(made: Basket, random: Random, key: int, user: UserRow, shop: Shop) -> None:
    draw = random.random
    at = user.date_joined + timedelta(seconds=int(draw() * 60_000_000))
    total = 0
    for number in range(1, 2 + int(7 * draw() ** 2)):
        article = shop.articles[int(draw() * len(shop.articles))]
        quantity = 1 + int(6 * draw() ** 3)
        cents = article.cents * quantity
        total += cents
        made.lines.append(
            LineRow(key, number, article.id, article.sku, article.name, quantity, _money(article.cents), FREE, _money(cents))
        )
    guest = draw() < GUESTS
    tax, freight = total * 8 // 100, 0 if total > 5_000 else 495
    made.orders.append(
        OrderRow(
            key,
            public_id(f"generated/{shop.seed}/order/{key}", milliseconds(at)),
            f"GN{key:09d}",
            None if guest else user.id,
            0,
            SHIPPED if (state := draw()) < 0.9 else CANCELLED if state < 0.95 else IN_PROCESS,
            f"{user.first_name} {user.last_name}",
            f"{user.address_line1}, {user.city}, {user.country_code}" if user.address_line1 else "",
            user.country_code,
            "USD",
            _money(total),
            _money(tax),
            _money(freight),
            _money(total + tax + freight),
            at,
            at + timedelta(seconds=int(draw() * 1_000_000)),
        )
    )


def _money(cents: int) -> str:
    """A decimal's text: half the price of a Decimal, and COPY takes it as it is."""
    return f"{cents // 100}.{cents % 100:02d}"
