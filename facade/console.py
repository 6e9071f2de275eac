"""What the facade would do, told on a terminal: the table in force, and each decision for one request.

It asks nobody: routes and keys are those that a running facade has kept in `var/`, so it also tells while everything is down. It
refuses to count anything: what is known only to a running worker (who has used up how much) is told as for a fresh one.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from facade import cohort, decide, headers
from facade.book import RouteBook
from facade.decide import Freshness
from facade.entrance.client import Client
from facade.gateway import refuse_what_never_passes
from facade.http1 import request_line
from facade.http1.grammar import BadHead
from facade.identity.jwks import BadDocument, KeySet
from facade.limits.rule import Terms
from facade.pipeline import source
from facade.pipeline.compile import Parts, compiled
from facade.pipeline.table import PolicyTable
from facade.problems import Problem
from facade.request import Request
from facade.responses.compress import Memory
from facade.responses.shared import Cache
from facade.routes import Feed, InvalidFeed, Route
from facade.settings import Settings
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


@dataclass(frozen=True, slots=True)
class Step:
    """One decision about a request."""

    stage: str
    said: str


def table(settings: Settings) -> list[Line]:
    """Every path that a policy or a context names, the longest first. Raises `InvalidPolicies`."""
    book, policies = routes_in_force(settings), _policies(settings)
    paths = {policy.path for policy in policies.policies} | {route.prefix for route in book.table.routes}
    lines = []
    for path in sorted(paths, key=lambda path: (-len(path), path)):
        route = book.table.match(path)
        named = [policy for policy in policies.policies if policy.path == path] or [policies.match("GET", path)]
        for policy in named:
            stages = tuple(stage.name for stage in policy.stages)
            lines.append(Line(path, tuple(sorted(policy.methods)), _context(route), _side(route), stages))
    return lines


def explain(settings: Settings, method: str, url: str, header_lines: Sequence[str]) -> list[Step]:
    """Each decision for one request, in order, up to the one that ends it. Raises `Unanswerable` or `InvalidPolicies`."""
    return asyncio.run(_explain(settings, method, url, header_lines))


async def _explain(settings: Settings, method: str, url: str, header_lines: Sequence[str]) -> list[Step]:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = [f"host: {parts.netloc or 'localhost'}", *header_lines]
    try:
        line = request_line.parse(f"{method} {target} HTTP/1.1".encode("latin-1", "replace"))
        inbound = headers.inbound("\r\n".join(given).encode("latin-1", "replace"))
    except BadHead as error:
        return [Step("parse", f"refused with {error.status}: {error}")]
    client = Client(_never, settings, lambda _status: None, on_lost=lambda _client: None, secure=parts.scheme == "https")
    client.address = b"127.0.0.1"
    return list(_steps(settings, Request(client, line, inbound)))


def _steps(settings: Settings, request: Request) -> Iterator[Step]:
    try:
        refuse_what_never_passes(request)
    except Problem as problem:
        yield Step("never passes", f"refused with {problem.status}: {problem.detail}")
        return
    policy = _policies(settings).match(request.method, request.path)
    yield Step("policy", f"{policy.path} {' '.join(sorted(policy.methods)) or 'all methods'}")
    for stage in policy.stages:
        yield Step(stage.name, stage.explain(request))
        try:
            waiting = stage.before(request)
        except Problem as problem:
            yield Step("answer", f"{problem.status} {problem.title}: {problem.detail}")
            return
        if waiting is not None:
            _drop(waiting)
            yield Step("answer", f"depends on what {stage.name} would have to ask for")
            return
        if request.reply is not None:
            yield Step("answer", f"{request.reply.status}, by {stage.name}")
            return
    yield Step("route", _routed(settings, request))


def _routed(settings: Settings, request: Request) -> str:
    route = routes_in_force(settings).table.match(request.path)
    if route is None:
        return "the monolith: no context claims this path"
    bucket = cohort.bucket(settings.cohort_key, route.context, request.cohort_id(route))
    decision = decide.decide(route, request.method, bucket, Freshness.CAUGHT_UP)
    why = f"context {route.context}, epoch {route.epoch}, authority {route.authority}"
    if decision.replica:
        return (
            f"the {decision.side} as a replica, once it has caught up: {why}, bucket {bucket} of those below {route.read_below}"
        )
    return f"the {decision.side}: {why}" + (f", bucket {bucket}" if route.read_below else "")


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


def _policies(settings: Settings) -> PolicyTable:
    keys = KeySet(_no_document, settings.var_dir / "facade" / "jwks.json")
    keys.load()
    parts = Parts.of(keys, Terms(None, time.monotonic), Cache(1, 1), Memory(1))
    parts.take_keys(routes_in_force(settings).feed.api_keys)
    read = source.load(settings.policies, {})
    return compiled(read.declared, read.documents, parts)


def _context(route: Route | None) -> str:
    return route.context if route is not None else "-"


def _side(route: Route | None) -> str:
    if route is None:
        return "monolith"
    shared = f", {route.read_below / 100:g} % of reads elsewhere" if route.read_below else ""
    return f"{route.authority}{shared}"


def as_json(found: Sequence[Line] | Sequence[Step]) -> list[dict[str, Any]]:
    """The same facts for machines."""
    return [asdict(one) for one in found]


def _drop(waiting: Any) -> None:
    """Not waited for: it would ask somebody."""
    close = getattr(waiting, "close", None) or getattr(waiting, "cancel", None)
    if close is not None:
        close()


async def _no_document() -> bytes:
    raise BadDocument("nobody is asked")


async def _never(client: Client, line: object, inbound: object) -> None:  # noqa: ARG001 no request comes this way
    raise AssertionError("a client that is only described sends nothing")
