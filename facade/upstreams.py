"""Which addresses a side has, and the connection pools to them; pools of addresses that are no longer named drain.

It refuses to know phases: it is told a side, and the route that tells where the service of its context listens.
"""

import asyncio
from collections.abc import Iterable, Mapping

from facade.pool import Pool
from facade.routes import Route
from facade.settings import Settings
from migrations_tools.phases import Owner


class Upstreams:
    """All pools of this process. `fallback_services` are addresses of services that the feed has not named yet."""

    def __init__(self, settings: Settings, fallback_services: Mapping[str, str]) -> None:
        self._settings = settings
        self._pools: dict[str, Pool] = {}
        self._turn = 0
        self._fallback = {name: (url.rstrip("/"),) for name, url in fallback_services.items() if url}
        self.monolith = self._pool(settings.monolith_url.rstrip("/"))

    def pick(self, side: Owner, route: Route | None) -> Pool | None:
        """The pool to use for the next attempt; instances take turns. None when no address is known."""
        if side is Owner.MONOLITH or route is None:
            return self.monolith
        urls = route.services or self._fallback.get(route.context, ())
        if not urls:
            return None
        self._turn += 1
        return self._pool(urls[self._turn % len(urls)])

    def keep_only(self, routes: Iterable[Route]) -> None:
        """Let go of the pools whose addresses no route names any more."""
        named = {url for route in routes for url in route.services}
        named.update(url for urls in self._fallback.values() for url in urls)
        named.add(self.monolith.url)
        for url in [url for url in self._pools if url not in named]:
            self._pools.pop(url).close()

    def open_connections(self) -> int:
        return sum(pool.open for pool in self._pools.values())

    def requests_in_flight(self) -> int:
        return sum(pool.in_use for pool in self._pools.values())

    async def close(self) -> None:
        """Close every pool; exchanges still under way are given up."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()
        await asyncio.sleep(0)

    def _pool(self, url: str) -> Pool:
        pool = self._pools.get(url)
        if pool is None:
            settings = self._settings
            pool = self._pools[url] = Pool(url, connect_timeout=settings.connect_timeout, idle_timeout=settings.idle_timeout)
        return pool
