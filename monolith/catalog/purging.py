"""Which kept answers of the catalog are history when a product or a category was changed, and that the facades are told.

Whoever changes one by the ORM is heard: API, admin, its bulk deletion. `QuerySet.update()`, raw SQL and COPY are not: whoever
uses these says so (`manage.py purge catalog`; `load_data` does it by itself).
"""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from chassis import purging, tags
from monolith.catalog.models import Category, Product

CONTEXT, PRODUCT, CATEGORY = "catalog", "product", "category"


def connect() -> None:
    """Listen, once the apps are ready."""
    for signal in (post_save, post_delete):
        signal.connect(_product, sender=Product, dispatch_uid=f"purge product {id(signal)}")
        signal.connect(_category, sender=Category, dispatch_uid=f"purge category {id(signal)}")


def _product(instance: Product, **_: Any) -> None:
    history = tags.changed(CONTEXT, PRODUCT, [instance.pk])
    transaction.on_commit(lambda: purging.tell(*history), robust=True)


def _category(**_: Any) -> None:
    """Products are shown with their category, and found by it: nothing that is kept is certain any more."""
    transaction.on_commit(lambda: purging.tell(tags.everything(CONTEXT)), robust=True)
