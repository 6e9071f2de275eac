"""Where one context finds another: the port that `settings.PORTS` names for it.

Each setting is the path `module:callable` of a factory, asked anew on each call, so that a port may be
bound to another side between two calls.
"""

from functools import cache
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from monolith.catalog.api import CatalogPort
    from monolith.orders.api import OrdersPort
    from monolith.users.api import UsersPort


def users() -> "UsersPort":
    """The users context, wherever it lives now."""
    return cast("UsersPort", _factory(settings.PORTS["users"])())


def catalog() -> "CatalogPort":
    """The catalog context."""
    return cast("CatalogPort", _factory(settings.PORTS["catalog"])())


def orders() -> "OrdersPort":
    """The orders context."""
    return cast("OrdersPort", _factory(settings.PORTS["orders"])())


@cache
def _factory(path: str) -> "Callable[[], Any]":
    return cast("Callable[[], Any]", resolve_name(path))
