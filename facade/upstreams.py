"""Which instances a side has, the connection pools to them, and which gets the next request.

Instances come from the registry, or, where it names none, from the routes, the settings and DNS. It refuses to know
phases: it is told a side, and the route that tells of which context the service is; and never forgets its last known
instances because whoever names them is silent.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chassis.callers.mutual import client_context
from facade.balance import Balancer, Member, State
from facade.pool import Pool
from facade.resilience.declared import Declaration, Health, Resilience
from facade.routes import Route
from facade.settings import Settings, addresses
from migrations_tools.phases import Owner

log = logging.getLogger(__name__)

MONOLITH: Final = "monolith"
"""The name under which instances of the monolith announce themselves."""

DNS: Final = "dns://"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an instance is reached, and whether it wants no new requests."""

    url: str
    draining: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """One instance, for metrics and whoever asks."""

    context: str
    url: str
    state: State
    load: int


@dataclass(frozen=True, slots=True)
class Watched:
    """One instance that is to be asked whether it can serve, as `health` says. What it answers is told to `balancer`."""

    context: str
    balancer: Balancer
    member: Member
    pool: Pool
    health: Health


class _Upstream:
    """One set of instances. `named` is what routes and settings say of their addresses."""

    __slots__ = ("balancer", "named")

    def __init__(self, named: tuple[str, ...], numbers: Resilience) -> None:
        self.named = named
        self.balancer = Balancer(numbers.ejection, numbers.health)


class Upstreams:
    """All instances of this process' upstreams, by context. `fallback_services` are addresses of services that neither registry
    nor feed has named yet. An address is http, https or `dns://name:port`, which stands for all addresses of the name.

    `draw` gives numbers from [0, 1). Raises ValueError where a monolith's address is none.
    """

    def __init__(
        self,
        settings: Settings,
        fallback_services: Mapping[str, str],
        declared: Declaration | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._declared = declared or Declaration()
        self._draw = draw
        self._loop = asyncio.get_running_loop()
        self._tls = tls(settings)
        self._pools: dict[str, Pool] = {}
        self._places: dict[str, list[tuple[Balancer, Member]]] = {}
        self._resolved: dict[str, tuple[str, ...]] = {}
        self._found: dict[str, tuple[Address, ...]] = {}
        self._doubtful: set[str] = set()
        self._fallback = {name: addresses(urls) for name, urls in fallback_services.items() if urls}
        self._upstreams: dict[str, _Upstream] = {}
        self._monolith = self._upstream(MONOLITH, addresses(settings.monolith_url))
        for context, urls in self._fallback.items():
            self._upstream(context, urls)
        self.ejections = 0
        wrong = [url for url in self._monolith.named if not url.startswith(DNS) and url not in self._pools]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: no http address of a monolith")

    @property
    def monolith(self) -> Pool:
        """The pool of one of the monolith's instances. Raises LookupError while the name service has not told any."""
        pool = self.pick(Owner.MONOLITH, None)
        if pool is None:
            raise LookupError("no address of the monolith is known")
        return pool

    def pick(self, side: Owner, route: Route | None, avoid: Pool | None = None) -> Pool | None:
        """The pool to use for the next attempt. None when no address is known, or all instances drain.

        `avoid`: the pool of the attempt before, that failed; it is picked only when there is no other.
        """
        if side is Owner.MONOLITH or route is None:
            upstream = self._monolith
        else:
            upstream = self._upstreams.get(route.context) or self._upstream(route.context, self._named(route))
        balancer = upstream.balancer
        shunned = next((m for b, m in self._places.get(avoid.url, ()) if b is balancer), None) if avoid is not None else None
        member = balancer.pick(self._loop.time(), self._draw, shunned)
        return self._pools[member.url] if member is not None else None

    def another(self, side: Owner, route: Route | None, pool: Pool) -> bool:
        """Whether this side has an instance beside that of `pool` that may be asked."""
        upstream = self._monolith if side is Owner.MONOLITH or route is None else self._upstreams.get(route.context)
        if upstream is None:
            return False
        here = next((m for b, m in self._places.get(pool.url, ()) if b is upstream.balancer), None)
        return upstream.balancer.has_beside(here, self._loop.time())

    def record(self, pool: Pool, ok: bool) -> None:
        """How an attempt with this pool went: whether the instance did its work, be its answer liked or not."""
        for balancer, member in self._places.get(pool.url, ()):
            if ok and not member.failures:
                continue
            self.ejections += balancer.record(member, ok, self._loop.time())

    def declare(self, declared: Declaration) -> None:
        """Put other numbers in force; what is known of the instances stays."""
        self._declared = declared
        for context, upstream in self._upstreams.items():
            numbers = declared.of(context)
            upstream.balancer.declare(numbers.ejection, numbers.health, self._loop.time())

    def keep_only(self, routes: Iterable[Route]) -> None:
        """Take over what the routes say of their contexts' addresses; contexts that no route names lose theirs."""
        named = self._fallback | {route.context: self._named(route) for route in routes}
        for context in [name for name in self._upstreams if name not in named and name != MONOLITH]:
            del self._upstreams[context]
        for context, urls in named.items():
            upstream = self._upstream(context, urls)
            if upstream.named != urls and context in self._doubtful:
                del self._found[context]
                self._doubtful.remove(context)
            upstream.named = urls
        self._settle()

    def discovered(self, found: Mapping[str, Sequence[Address]]) -> None:
        """Take over the registry's list: per context its instances. A context of which it has never told any has those of routes
        and settings. Where it tells none any more, those that it told last stay, unless routes and settings say something new.
        """
        for context, told in found.items():
            if told:
                self._found[context] = tuple(told)
        for context in [name for name in self._found if not found.get(name)]:
            self._doubtful.add(context)
            self._found[context] = tuple(Address(address.url) for address in self._found[context])
        self._doubtful.difference_update(context for context, told in found.items() if told)
        self._settle()

    def names(self) -> set[str]:
        """All `dns://` addresses that are to be resolved."""
        return {url for upstream in self._upstreams.values() for url in upstream.named if url.startswith(DNS)}

    def resolved(self, name: str, urls: Sequence[str]) -> None:
        """What a `dns://` address stands for now."""
        self._resolved[name] = tuple(urls)
        self._settle()

    def standing(self) -> list[Standing]:
        """All instances, as they are seen from here."""
        now = self._loop.time()
        return [
            Standing(context, member.url, member.state(now), member.load())
            for context, upstream in self._upstreams.items()
            for member in upstream.balancer.members
        ]

    def watched(self) -> list[Watched]:
        """All instances that are to be checked. One that drains is not: it is asked nothing anyway."""
        return [
            Watched(context, balancer, member, self._pools[member.url], balancer.health)
            for context, upstream in self._upstreams.items()
            if (balancer := upstream.balancer).health is not None
            for member in balancer.members
            if not member.draining
        ]

    def panics(self) -> dict[str, bool]:
        """Whether all instances fail their checks, and are asked all the same, by context."""
        return {context: upstream.balancer.panic for context, upstream in self._upstreams.items()}

    def open_connections(self) -> int:
        return sum(pool.open for pool in self._pools.values())

    def requests_in_flight(self) -> int:
        return sum(pool.in_use for pool in self._pools.values())

    async def close(self) -> None:
        """Close every pool; exchanges still under way are given up."""
        pools, self._pools = list(self._pools.values()), {}
        self._upstreams.clear()
        self._places.clear()
        for pool in pools:
            pool.close()
        await asyncio.sleep(0)

    def _named(self, route: Route) -> tuple[str, ...]:
        return route.services or self._fallback.get(route.context, ())

    def _upstream(self, context: str, named: tuple[str, ...]) -> _Upstream:
        """The one of this name; a new one has the addresses `named`."""
        upstream = self._upstreams.get(context)
        if upstream is None:
            upstream = self._upstreams[context] = _Upstream(named, self._declared.of(context))
            self._settle()
        return upstream

    def _settle(self) -> None:
        """Make members and pools agree with what is named. What stays keeps its pool and its record; the pools of what is gone
        close once their exchanges have ended.
        """
        now = self._loop.time()
        self._places = {}
        for context, upstream in self._upstreams.items():
            balancer = upstream.balancer
            known = {member.url: member for member in balancer.members}
            addresses = self._found.get(context) or self._said(upstream)
            members = [member for address in addresses if (member := self._member(known, address)) is not None]
            balancer.keep(members, now)
            for member in members:
                self._places.setdefault(member.url, []).append((balancer, member))
        for url in [url for url in self._pools if url not in self._places]:
            self._pools.pop(url).close()

    def _said(self, upstream: _Upstream) -> Iterator[Address]:
        urls = (one for url in upstream.named for one in (self._resolved.get(url, ()) if url.startswith(DNS) else (url,)))
        return (Address(url) for url in dict.fromkeys(urls))

    def _member(self, known: Mapping[str, Member], address: Address) -> Member | None:
        """None for what is no address: it must not keep the others from being used."""
        try:
            member = known.get(address.url) or Member(address.url, self._load_of(address.url))
        except ValueError as error:
            log.warning("an instance is left out: %s", error)
            return None
        member.draining = address.draining
        return member

    def _load_of(self, url: str) -> Callable[[], int]:
        pool = self._pools.get(url)
        if pool is None:
            pool = self._pools[url] = Pool(url, idle_timeout=self._settings.idle_timeout, tls=self._tls)
        return lambda: pool.in_use


def tls(settings: Settings) -> ssl.SSLContext:
    """How to call upstreams by https. Raises `BadCertificate`."""
    if not settings.upstream_ca:
        return ssl.create_default_context()
    return client_context(Path(settings.upstream_ca), Path(settings.upstream_certificate), Path(settings.upstream_key))
