"""What the facade would do, told on a terminal: the table in force, and each decision for one request.

It asks nobody: routes and keys are those that a running facade has kept in `var/`, so it also tells while everything is down. It
refuses to count anything: what is known only to a running worker (who has used up how much) is told as for a fresh one.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from facade import effective
from facade.book import RouteBook
from facade.explain import decisions
from facade.explain.known import Known, Step
from facade.explain.question import Question
from facade.identity.jwks import BadDocument, KeySet
from facade.limits.rule import Terms
from facade.pipeline import source
from facade.pipeline.compile import Parts, compiled
from facade.pipeline.declared import Declared, RouteRules
from facade.pipeline.source import Policies
from facade.pipeline.table import PolicyTable
from facade.positions import Positions
from facade.resilience.guard import Guards
from facade.responses.compress import Memory
from facade.responses.shared import Cache
from facade.routes import Feed, InvalidFeed, Route
from facade.settings import Settings
from facade.upstreams import Upstreams
from migrations_tools.plans import PLANS


class Unanswerable(Exception):
    """What was asked cannot be told; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One route as it is in force. `methods` empty: all. `side`: who answers, as far as the path alone decides it."""

    path: str
    methods: tuple[str, ...]
    context: str
    side: str
    stages: tuple[str, ...]
    rules: RouteRules


def table(settings: Settings) -> tuple[list[Line], Declared]:
    """Every path that a policy or a context names, the longest first; and everything that was declared.

    Raises `InvalidPolicies` or `Unanswerable`.
    """
    book, read = routes_in_force(settings), source.load(settings.policies, {})
    policies = _compiled(settings, read, book)
    declared = {(rules.path, rules.methods): rules for rules in read.declared.routes}
    paths = {policy.path for policy in policies.policies} | {route.prefix for route in book.table.routes}
    lines = []
    for path in sorted(paths, key=lambda path: (-len(path), path)):
        route = book.table.match(path)
        named = [policy for policy in policies.policies if policy.path == path] or [policies.match("GET", path)]
        for policy in named:
            stages = tuple(stage.name for stage in policy.stages)
            rules = declared[policy.path, policy.methods]
            lines.append(Line(path, tuple(sorted(policy.methods)), _context(route), _side(route), stages, rules))
    return lines, read.declared


def explain(settings: Settings, question: Question) -> list[Step]:
    """Each decision for one request, in order, up to the one that ends it. Raises `Unanswerable` or `InvalidPolicies`."""
    return asyncio.run(_explain(settings, question))


async def _explain(settings: Settings, question: Question) -> list[Step]:
    book, read = routes_in_force(settings), source.load(settings.policies, {})
    resilience = read.declared.resilience
    try:
        upstreams = Upstreams(settings, {"users": settings.users_url}, resilience)
    except ValueError as error:
        raise Unanswerable(str(error)) from error
    upstreams.keep_only(book.table.routes)
    guards, positions = Guards(resilience, time.monotonic), Positions(settings, None)
    policies = _compiled(settings, read, book)
    return await decisions.explain(
        Known(settings, book, policies, resilience, upstreams, guards, positions, running=False), question
    )


def routes_in_force(settings: Settings) -> RouteBook:
    """The routes that a facade has kept last, or the plans' own where nothing was ever moved. Raises `Unanswerable`."""
    book = RouteBook(list(PLANS.values()))
    file = settings.var_dir / "facade" / "routes.json"
    try:
        book.apply(Feed.parse(orjson.loads(file.read_bytes())), "disk")
    except FileNotFoundError:
        pass  # the plans' own table: nothing was ever moved
    except (OSError, orjson.JSONDecodeError, InvalidFeed) as error:
        raise Unanswerable(f"{file} cannot be read: {error}") from error
    return book


def _compiled(settings: Settings, read: Policies, book: RouteBook) -> PolicyTable:
    keys = KeySet(_no_document, settings.var_dir / "facade" / "jwks.json")
    keys.load()
    parts = Parts.of(keys, Terms(None, time.monotonic), Cache(1, 1), Memory(1))
    parts.take_keys(book.feed.api_keys)
    return compiled(read, parts)


def _context(route: Route | None) -> str:
    return route.context if route is not None else "-"


def _side(route: Route | None) -> str:
    if route is None:
        return "monolith"
    shared = f", {route.read_below / 100:g} % of reads elsewhere" if route.read_below else ""
    return f"{route.authority}{shared}"


def as_json(lines: Sequence[Line], declared: Declared, settings: Settings) -> list[dict[str, Any]]:
    """The same facts for machines, everything that is in force for it at each line."""
    return [
        {
            "path": line.path,
            "methods": line.methods,
            "context": line.context,
            "side": line.side,
            "stages": line.stages,
            "rules": effective.of_route(line.rules, declared.entrance),
            "resilience": effective.of_context(declared.resilience.of(line.context), settings),
        }
        for line in lines
    ]


async def _no_document() -> bytes:
    raise BadDocument("nobody is asked")
