"""What can be asked of the catalog and done with it."""

from collections.abc import Collection
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from monolith.catalog.api import CatalogPort, ProductForSale
from monolith.catalog.events import PriceChanged
from monolith.catalog.models import Category, Product
from monolith.facts import publish


class LocalCatalog:
    """`CatalogPort` from the monolith's own tables, in one query."""

    def products(self, skus: Collection[str]) -> dict[str, ProductForSale]:
        rows = _for_sale().filter(sku__in=skus).values_list("id", "sku", "name", "list_price", "currency")
        return {row[1]: ProductForSale(*row) for row in rows}


def local_catalog() -> CatalogPort:
    """The port's factory, for `settings.PORTS`."""
    return LocalCatalog()


def search(category: int | None, words: str) -> QuerySet[Product]:
    """The products for sale in this category or its children, whose name or code contains `words`; by code."""
    found = _for_sale().select_related("category").order_by("sku")
    if category is not None:
        found = found.filter(Q(category_id=category) | Q(category__parent_id=category))
    if words:
        found = found.filter(Q(name__icontains=words) | Q(sku__icontains=words))
    return found


def product(sku: str) -> Product | None:
    """One product, also when it is not for sale any more."""
    return Product.objects.select_related("category").filter(sku=sku, is_product=True).first()


def categories() -> QuerySet[Category]:
    """All categories by name."""
    return Category.objects.order_by("name", "id")


def save(product: Product, old_price: Decimal | None) -> None:
    """Store a product that somebody edited; `old_price` is what it cost before, None for a new one."""
    product.modified = Now()  # the database's clock
    with transaction.atomic():
        product.save()
        if old_price not in (None, product.list_price):
            publish(PriceChanged(product.sku, old_price, product.list_price, product.currency))


def _for_sale() -> QuerySet[Product]:
    return Product.objects.filter(is_active=True, is_product=True)
