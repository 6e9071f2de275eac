"""Manifests of the Kubernetes Gateway API, version v1: one Gateway, and HTTPRoutes with at most sixteen rules each.

Services are expected under the upstreams' names ("monolith" and each context's), for a manifest names no addresses. Rules need no
order: the longest prefix wins there too, and of two with one path the one that names a method.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from facade.export.model import Rule, Share
from migrations_tools.phases import Owner

_API = "gateway.networking.k8s.io/v1"
_MOST_RULES = 16
NOT_CARRIED = "banyan.example/not-carried-over"
"""The annotation of an HTTPRoute that names what its gateway is not told."""

_REMOVED = (
    "banyan-caller", "banyan-context", "banyan-epoch", "banyan-horizon", "banyan-owner", "banyan-position", "banyan-read",
    "banyan-subject", "banyan-timeout", "forwarded", "x-real-ip", "x-api-key",
)  # fmt: skip
_MARKS = ("banyan-context", "banyan-epoch", "banyan-owner", "banyan-position", "banyan-subject")
_INTERNAL = {
    "matches": [{"path": {"type": "PathPrefix", "value": "/internal"}}, {"path": {"type": "Exact", "value": "/metrics"}}]
}
"""A rule without backends answers 404."""


def manifests(rules: Sequence[Rule], gateway_class: str, port: int, not_carried: Iterable[str]) -> list[dict[str, Any]]:
    """The Gateway first. `not_carried` becomes an annotation of each HTTPRoute."""
    listener = {"name": "http", "protocol": "HTTP", "port": port}
    gateway = {
        "apiVersion": _API,
        "kind": "Gateway",
        "metadata": {"name": "banyan"},
        "spec": {"gatewayClassName": gateway_class, "listeners": [listener]},
    }
    said = [_INTERNAL, *map(_rule, rules)]
    pages = [said[start : start + _MOST_RULES] for start in range(0, len(said), _MOST_RULES)]
    note = "; ".join(not_carried)
    return [gateway, *(_route(number, page, note) for number, page in enumerate(pages, 1))]


def duration(seconds: float) -> str:
    """As GEP-2257 writes durations, which knows nothing below a millisecond: at most five digits before each unit."""
    rest = max(1, round(seconds * 1000))
    parts = []
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def _route(number: int, page: list[dict[str, Any]], note: str) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "HTTPRoute",
        "metadata": {"name": f"banyan-{number}", "annotations": {NOT_CARRIED: note}},
        "spec": {"parentRefs": [{"name": "banyan"}], "rules": page},
    }


def _rule(rule: Rule) -> dict[str, Any]:
    total = duration(rule.shares[0].upstream.resilience.deadline.total)
    return {
        "matches": list(_matches(rule)),
        "filters": [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": list(_REMOVED)}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": list(_MARKS)}},
        ],
        "backendRefs": [_backend(share) for share in rule.shares],
        "timeouts": {"request": total},
    }


def _matches(rule: Rule) -> Iterator[dict[str, Any]]:
    path = {"path": {"type": "PathPrefix", "value": rule.path}}
    if not rule.methods:
        yield path
    for method in rule.methods:
        yield {**path, "method": method}


def _backend(share: Share) -> dict[str, Any]:
    upstream = share.upstream
    name = "monolith" if upstream.side is Owner.MONOLITH else upstream.context.replace("_", "-")
    backend: dict[str, Any] = {"name": name, "port": upstream.addresses[0].port, "weight": share.weight}
    if share.replica:
        mark = {"set": [{"name": "banyan-read", "value": "replica"}]}
        backend["filters"] = [{"type": "RequestHeaderModifier", "requestHeaderModifier": mark}]
    return backend
