"""What every export is made of: rules in the order in which they are to be tried, and the upstreams that they name.

Pure. It refuses a table with a rule that nobody could answer: a side with a share of the requests must have an address.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from facade.cohort import BUCKETS
from facade.pipeline.declared import Declared, RouteRules
from facade.resilience.declared import Resilience
from facade.routes import Route, RouteTable
from facade.settings import Settings
from facade.upstreams import MONOLITH
from migrations_tools.phases import Owner

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_ANY_OTHER = "*"
_DEFAULT_PORTS = {"http": 80, "https": 443, "dns": 80}
_OTHER = {Owner.MONOLITH: Owner.SERVICE, Owner.SERVICE: Owner.MONOLITH}


class NotExportable(ValueError):
    """The table in force cannot be said in another gateway's words; the message names the first reason."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an instance is reached. `by_name`: the host stands for all addresses of a name."""

    host: str
    port: int
    tls: bool
    by_name: bool

    @property
    def netloc(self) -> str:
        """As in a `Host` header."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """One side of one context, or the monolith for what no context claims (`context` "-")."""

    context: str
    side: Owner
    addresses: tuple[Address, ...]
    resilience: Resilience
    instances: Resilience
    """What holds for its instances: the monolith's, whichever context is asked for."""

    @property
    def name(self) -> str:
        """Unique in an export."""
        return self.side.value if self.context == "-" else f"{self.context}-{self.side}"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of `BUCKETS` requests. `replica`: the side has no authority, and is told that it is read as a replica."""

    upstream: Upstream
    weight: int
    replica: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One path, with all below it, for some methods (none: all others). `policy` is what the entrance demands there."""

    path: str
    methods: tuple[str, ...]
    shares: tuple[Share, ...]
    policy: RouteRules


def rules(table: RouteTable, declared: Declared, settings: Settings) -> tuple[Rule, ...]:
    """The first that matches a request is the one that holds for it. Raises `NotExportable`."""
    paths = {route.prefix for route in table.routes} | {policy.path for policy in declared.routes}
    ordered = sorted(paths, key=lambda path: (-len(path), path))
    return tuple(rule for path in ordered for rule in _rules_of(path, table.match(path), declared, settings))


def upstreams(exported: Iterable[Rule]) -> tuple[Upstream, ...]:
    """Every upstream that the rules name, once, by name."""
    named = {share.upstream.name: share.upstream for rule in exported for share in rule.shares}
    return tuple(named[name] for name in sorted(named))


def policy_of(declared: Declared, method: str, path: str) -> RouteRules:
    """The policy of a request, found as the facade finds it: the longest path, and of two the one that names the method."""
    candidates = sorted(declared.routes, key=lambda policy: (-len(policy.path), not policy.methods))
    return next(p for p in candidates if _covers(p.path, path) and (not p.methods or method in p.methods))


def _covers(prefix: str, path: str) -> bool:
    return prefix in ("/", path) or path.startswith(f"{prefix}/")


def _rules_of(path: str, route: Route | None, declared: Declared, settings: Settings) -> Iterator[Rule]:
    """Methods that are treated alike share a rule; those that are treated as an unknown method is come last, without names."""
    groups: dict[tuple[int, tuple[Share, ...]], tuple[list[str], RouteRules]] = {}
    for method in (*METHODS, _ANY_OTHER):
        policy = policy_of(declared, method, path)
        shares = _shares(route, method, declared, settings)
        groups.setdefault((id(policy), shares), ([], policy))[0].append(method)
    for (_, shares), (methods, policy) in sorted(groups.items(), key=lambda group: _ANY_OTHER in group[1][0]):
        yield Rule(path, () if _ANY_OTHER in methods else tuple(methods), shares, policy)


def _shares(route: Route | None, method: str, declared: Declared, settings: Settings) -> tuple[Share, ...]:
    if route is None:
        return (Share(_upstream("-", Owner.MONOLITH, settings.monolith_url.split(","), declared), BUCKETS, replica=False),)
    other = route.read_below if method in route.read_methods else 0
    sides = ((route.authority, BUCKETS - other, False), (_OTHER[route.authority], other, True))
    return tuple(
        Share(_upstream(route.context, side, _named(route, side, settings), declared), weight, replica)
        for side, weight, replica in sides
        if weight
    )


def _named(route: Route, side: Owner, settings: Settings) -> Iterable[str]:
    if side is Owner.MONOLITH:
        return settings.monolith_url.split(",")
    fallback = settings.users_url.split(",") if route.context == "users" else ()
    return route.services or fallback


def _upstream(context: str, side: Owner, urls: Iterable[str], declared: Declared) -> Upstream:
    addresses = tuple(_address(url.strip()) for url in urls if url.strip())
    if not addresses:
        raise NotExportable(f"the {side} of {context} is to answer requests, but no address of it is known")
    if len({address.tls for address in addresses}) > 1:
        raise NotExportable(f"the {side} of {context} is reached by http and by https; an export needs one of them")
    numbers, owner = declared.resilience, MONOLITH if side is Owner.MONOLITH else context
    return Upstream(context, side, addresses, numbers.of(context), numbers.of(owner))


def _address(url: str) -> Address:
    parts = urlsplit(url)
    try:
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise NotExportable(f"{url} is no address of an upstream") from error
    if not parts.hostname:
        raise NotExportable(f"{url} names no host")
    numeric = parts.hostname.replace(".", "").isdigit() or ":" in parts.hostname
    return Address(parts.hostname, port, tls=parts.scheme == "https", by_name=not numeric)
