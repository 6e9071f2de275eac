"""Publishing facts inside the monolith: after the commit, to the handlers of every context that listens.

In this process, and at most once: what must not be lost is written in the transaction itself.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pkgutil import resolve_name
from typing import Any

from django.conf import settings
from django.db import transaction

Handlers = Mapping[type, Sequence[Callable[[Any], None]]]

log = logging.getLogger(__name__)


def publish(fact: object) -> None:
    """Hand the fact to its handlers once the surrounding transaction has committed; a failing handler is
    logged.
    """
    for handler in _handlers().get(type(fact), ()):
        transaction.on_commit(lambda handler=handler: handler(fact), robust=True)  # type: ignore[misc]


@cache
def _handlers() -> dict[type, list[Callable[[Any], None]]]:
    """The tables of all contexts as one."""
    merged: dict[type, list[Callable[[Any], None]]] = {}
    for module in settings.FACT_HANDLERS:
        table: Handlers = resolve_name(f"{module}:HANDLERS")
        for kind, handlers in table.items():
            merged.setdefault(kind, []).extend(handlers)
    return merged
