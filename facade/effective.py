"""The values that are in force for a route and for a context, defaults filled in: as data for machines, and in words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from facade.limits.declared import Fail, Limit
from facade.pipeline.declared import Entrance, RouteRules
from facade.pipeline.fallback import Source, Static
from facade.resilience.declared import Resilience
from facade.settings import Settings

_PARTS = ("secure", "cors", "compress", "cache", "transform", "contract")


def of_route(rules: RouteRules, entrance: Entrance) -> dict[str, Any]:
    """What is demanded of its requests and done to its answers. A part that is off is None. `entrance`: for all routes."""
    parts: dict[str, Any] = {name: _dumped(getattr(rules, name)) for name in _PARTS}
    return {
        "authenticate": rules.authenticate.value,
        "scopes": {"read": sorted(rules.scopes.read), "write": sorted(rules.scopes.write)},
        "limits": [_limit(limit) for limit in rules.limits],
        "entrance": [_limit(limit) for limit in entrance.limits] if rules.entrance else [],
        "priority": rules.priority.name.lower(),
        "max_body": rules.max_body,
        "max_header": rules.max_header,
        **parts,
        "fallback": [_source(one) for one in rules.fallback] if rules.fallback is not None else ["monolith", "cache"],
        "idempotency_key": rules.idempotency_key,
        "code": rules.code[0] if rules.code is not None else None,
    }


def of_context(numbers: Resilience, settings: Settings) -> dict[str, Any]:
    """How its upstreams are protected, and how long they are waited for, in seconds. A part that is off is None."""
    return {**asdict(numbers), "repeats": {"for": settings.retry_deadline}}


def in_words(rules: RouteRules, entrance: Entrance) -> str:
    """In a few lines; of a part only what differs from its defaults."""
    return "\n".join(_words(rules, entrance))


def _words(rules: RouteRules, entrance: Entrance) -> Iterator[str]:
    told = of_route(rules, entrance)
    yield f"authenticate {told['authenticate']}, priority {told['priority']}, max_body {told['max_body']}" + (
        f", max_header {told['max_header']}" if told["max_header"] is not None else ""
    )
    if told["limits"]:
        yield f"limits {', '.join(told['limits'])}"
    if told["entrance"]:
        yield f"with all routes {', '.join(told['entrance'])}"
    yield from (f"scopes.{kind} {' '.join(scopes)}" for kind, scopes in told["scopes"].items() if scopes)
    for name in _PARTS:
        part: BaseModel | None = getattr(rules, name)
        if part is not None:
            own = part.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            yield f"{name} {_pairs(own) or 'as by default'}"
    if rules.fallback is not None:
        named = (f"static {one.status}" if isinstance(one, Static) else one.value for one in rules.fallback)
        yield f"fallback {', '.join(named) or 'none'}"
    if told["idempotency_key"]:
        yield f"idempotency_key {'below' if told['idempotency_key'] == 'below' else 'yes'}"
    if told["code"]:
        yield f"code {told['code']}"


def context_in_words(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each table of `of_context`, and its entries."""
    return ((name, "off" if part is None else _pairs(part)) for name, part in told.items())


def _pairs(part: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in part.items())


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({_pairs(value)})"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'


def _source(one: Source | Static) -> str | dict[str, Any]:
    return one.model_dump(mode="json", exclude_none=True) if isinstance(one, Static) else one.value


def _limit(limit: Limit) -> str:
    return f"{limit} fail closed" if limit.fail is Fail.CLOSED else str(limit)


def _dumped(part: BaseModel | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump(mode="json", by_alias=True)
