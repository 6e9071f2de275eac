"""The generated catalogue: four categories, five subcategories each, and products that depend on seed and number only."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from monolith.loading.generated import FIRST_KEY, words
from monolith.loading.keys import milliseconds, public_id
from monolith.loading.rows import CategoryRow, ProductRow
from monolith.loading.source import Page
from monolith.loading.tables import CATEGORIES, PRODUCTS

OPENED = datetime(2015, 1, 1, tzinfo=UTC)


class Article(NamedTuple):
    """What an order line copies of a product; the price is in cents."""

    id: int
    sku: str
    name: str
    cents: int


def categories() -> list[CategoryRow]:
    """Parents first."""
    parents = [CategoryRow(FIRST_KEY + index, None, name) for index, name in enumerate(words.CATEGORIES)]
    children = [
        CategoryRow(FIRST_KEY + 100 + 10 * index + inner, parent.id, f"{name} {parent.name}")
        for index, parent in enumerate(parents)
        for inner, name in enumerate(words.SUBCATEGORIES)
    ]
    return parents + children


def articles(seed: int, count: int) -> list[Article]:
    """One in eight has no price, as in AdventureWorks' parts."""
    random = Random(f"{seed}/products")  # noqa: S311 - test data
    made = []
    for index in range(count):
        thing, place = random.choice(words.THINGS), random.choice(words.SUBCATEGORIES)
        cents = 0 if random.random() < 0.125 else random.randrange(99, 350_000)
        made.append(Article(FIRST_KEY + index, f"GN-{index + 1:05d}", f"{place} {thing} {index + 1}", cents))
    return made


def page(seed: int, count: int) -> Page:
    """The whole catalogue: it is small, whatever the number of customers."""
    random = Random(f"{seed}/looks")  # noqa: S311 - test data
    leaves = [category for category in categories() if category.parent_id is not None]
    made = Page(position=count, rows={CATEGORIES: [*categories()]})
    for article in articles(seed, count):
        created = OPENED + timedelta(days=random.randrange(1000))
        made.put(
            PRODUCTS,
            ProductRow(
                id=article.id,
                public_id=public_id(f"generated/{seed}/product/{article.id}", milliseconds(created)),
                sku=article.sku,
                name=article.name,
                category_id=random.choice(leaves).id,
                color=random.choice(words.COLORS),
                size=random.choice(words.SIZES),
                list_price=Decimal(article.cents).scaleb(-2),
                currency="USD",
                is_product=True,
                is_active=article.cents > 0,
                created_at=created,
                modified=created + timedelta(days=random.randrange(500)),
            ),
        )
    made.tally.rules["products without a list price: not active"] = sum(not article.cents for article in articles(seed, count))
    return made
