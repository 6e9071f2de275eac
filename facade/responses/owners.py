"""What is kept of a context goes when the context changes hands: the new owner may answer otherwise than the old one did."""

from facade.book import RouteBook
from facade.responses.shared import Cache
from facade.routes import RouteTable


class Owners:
    """Looks at the route table whenever it changes."""

    def __init__(self, book: RouteBook, cache: Cache) -> None:
        self._book = book
        self._cache = cache
        self._known = _epochs(book.table)
        book.on_change.append(self._look)

    def _look(self) -> None:
        now = _epochs(self._book.table)
        moved = [prefix for prefix, epoch in now.items() if self._known.get(prefix) != epoch]
        self._known = now
        if moved:
            self._cache.drop(prefixes=moved)


def _epochs(table: RouteTable) -> dict[str, int]:
    return {route.prefix: route.epoch for route in table.routes}
