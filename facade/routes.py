"""The route table: which paths belong to which context, and where each context stands. Immutable; changes swap it.

Compiled from the plans (which paths), the feed (which phase) and what misdirected requests have taught since. It
refuses a feed that does not name a known phase, whole: half a table would route half a context.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from facade.cohort import below
from facade.identity import feed as identity_feed
from facade.identity.feed import ApiKey
from migrations_tools.phases import Owner, Phase, Reads, policy
from migrations_tools.plan import ContextPlan
from migrations_tools.plan import Route as PlanRoute


class InvalidFeed(ValueError):
    """What came as the route feed is none."""


@dataclass(frozen=True, slots=True)
class ContextState:
    """Where a context stands, as the feed tells it."""

    phase: Phase = Phase.MONOLITH
    epoch: int = 0
    read_percent: float = 0
    shadow_percent: float = 0
    services: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: Any) -> Self:
        try:
            return cls(
                phase=Phase(raw["phase"]),
                epoch=int(raw["epoch"]),
                read_percent=_percent(raw["read_percent"]),
                shadow_percent=_percent(raw["shadow_percent"]),
                services=tuple(str(url).rstrip("/") for url in raw["services"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidFeed(f"a context of the feed cannot be read: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Feed:
    """One version of the route feed."""

    version: int = 0
    contexts: Mapping[str, ContextState] = field(default_factory=dict)
    api_keys: tuple[ApiKey, ...] = ()

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """From the feed's JSON, decoded. Raises `InvalidFeed`."""
        try:
            version, contexts = int(raw["version"]), dict(raw["contexts"])
            keys = identity_feed.parse(raw.get("api_keys", []))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidFeed(f"the feed cannot be read: {error!r}") from error
        return cls(version, {name: ContextState.parse(state) for name, state in contexts.items()}, tuple(keys))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a 421 taught: since `epoch` the context belongs to `owner`."""

    epoch: int
    owner: Owner


@dataclass(frozen=True, slots=True)
class Route:
    """One path prefix of a context, with everything that a decision needs.

    `mirrored`: changes reach the other side. `movable`: authority may still change hands, so a request may have to be
    sent twice. `read_below`: cohorts whose reads go to the side without authority. `fallback`: that side may answer
    reads when the authority fails.
    """

    prefix: str
    context: str
    epoch: int
    authority: Owner
    read_methods: frozenset[str]
    read_below: int
    mirrored: bool
    movable: bool
    fallback: bool
    shadow_percent: float
    sticky_by_cookie: bool
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes by prefix, the longest first. A path that matches none belongs to the monolith."""

    version: int
    routes: tuple[Route, ...]
    _starts: tuple[str, ...]

    @classmethod
    def of(cls, version: int, routes: Iterable[Route]) -> Self:
        ordered = tuple(sorted(routes, key=lambda route: -len(route.prefix)))
        return cls(version, ordered, tuple(route.prefix for route in ordered))

    def match(self, path: str) -> Route | None:
        """The route of a decoded path; a prefix ends at a slash or with the path."""
        if not path.startswith(self._starts):
            return None
        for route in self.routes:
            prefix = route.prefix
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/"):
                return route
        return None


def compile_table(plans: Iterable[ContextPlan], feed: Feed, lessons: Mapping[str, Lesson]) -> RouteTable:
    """The table of all plans. A context that the feed does not name is in the monolith."""
    routes = (_route(plan.context, declared, feed, lessons.get(plan.context)) for plan in plans for declared in plan.routes)
    return RouteTable.of(feed.version, routes)


def _route(context: str, declared: PlanRoute, feed: Feed, lesson: Lesson | None) -> Route:
    state = feed.contexts.get(context, ContextState())
    row = policy(state.phase)
    common: dict[str, Any] = {
        "prefix": declared.prefix,
        "context": context,
        "read_methods": frozenset(declared.read),
        "sticky_by_cookie": declared.sticky_by == "cookie",
        "services": state.services,
        "movable": bool(row.onward or row.way_back),
    }
    if lesson is not None and lesson.epoch > state.epoch:
        # The feed is behind. Until it has caught up, only the owner is asked, and every write is remembered, since
        # the other side may be mirrored already.
        return Route(
            **common, epoch=lesson.epoch, authority=lesson.owner, read_below=0, mirrored=True, fallback=False,
            shadow_percent=0,
        )  # fmt: skip
    cohorts = row.reads is Reads.COHORTS
    return Route(
        **common,
        epoch=state.epoch,
        authority=row.authority,
        read_below=below(state.read_percent) if cohorts else 0,
        mirrored=row.replication is not None,
        fallback=row.replication is not None and row.reads is Reads.SERVICE,
        shadow_percent=state.shadow_percent if row.shadow else 0,
    )


def _percent(value: Any) -> float:
    percent = float(value)
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage")
    return percent
