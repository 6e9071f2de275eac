"""The rules as routes of Envoy (API v3), in the order in which Envoy is to try them; what never passes comes first."""

from collections.abc import Sequence
from typing import Any

from facade.cohort import BUCKETS
from facade.export.messages import seconds, typed
from facade.export.model import Rule, Share
from facade.identity.stage import Mode
from facade.limits.declared import By, Limit
from facade.settings import Settings

JWT = "envoy.filters.http.jwt_authn"
LIMIT = "envoy.filters.http.local_ratelimit"
_REPEATS = 3
_DRAWS = 5
_NO_BOUND = 4_294_967_295
"""Envoy demands a bucket for all callers together, which the declaration does not know."""
_ELSEWHERE = {
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
}
"""Not the instance that has just failed, where there is another."""

_REPLICA = {"header": {"key": "banyan-read", "value": "replica"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
_ALL = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
_INTERNAL = r"(?i)[/\\]+internal([/\\;].*)?"


def routes(rules: Sequence[Rule], settings: Settings, *, tokens: bool) -> list[dict[str, Any]]:
    """`tokens`: whether there are keys by which access tokens can be checked."""
    return [*_never_passing(), *(_route(rule, settings, tokens) for rule in rules)]


def _never_passing() -> list[dict[str, Any]]:
    """/internal in every spelling, and this entrance's own paths, which are nobody else's to answer."""
    trace = {"prefix": "/", "headers": [_method("TRACE")]}
    return [
        {"match": {"safe_regex": {"regex": _INTERNAL}}, "direct_response": {"status": 404}},
        {"match": {"path": "/metrics"}, "direct_response": {"status": 404}},
        {"match": {"path": "/healthz"}, "direct_response": {"status": 200}},
        {"match": {"path": "/readyz"}, "direct_response": {"status": 200}},
        {"match": trace, "direct_response": {"status": 405}},
    ]


def _route(rule: Rule, settings: Settings, tokens: bool) -> dict[str, Any]:
    filters = _filters(rule, tokens)
    return {
        "match": _match(rule),
        "route": {**_target(rule.shares), **_patience(rule, settings)},
        **({"typed_per_filter_config": filters} if filters else {}),
    }


def _match(rule: Rule) -> dict[str, Any]:
    path = {"prefix": "/"} if rule.path == "/" else {"path_separated_prefix": rule.path}
    return {**path, **({"headers": [_method("|".join(rule.methods))]} if rule.methods else {})}


def _method(pattern: str) -> dict[str, Any]:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": pattern}}}


def _target(shares: Sequence[Share]) -> dict[str, Any]:
    clusters = [
        {
            "name": share.upstream.name,
            "weight": share.weight,
            **({"request_headers_to_add": [_REPLICA]} if share.replica else {}),
        }
        for share in shares
    ]
    assert sum(share.weight for share in shares) == BUCKETS
    return {"weighted_clusters": {"clusters": clusters}}


def _patience(rule: Rule, settings: Settings) -> dict[str, Any]:
    """How long it may take, and what may be repeated: only what was certainly not executed."""
    protection = rule.shares[0].upstream.resilience
    return {
        "timeout": seconds(protection.deadline.total),
        "idle_timeout": seconds(max(protection.timeouts.read, settings.body_timeout)),
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": _REPEATS,
            "retry_host_predicate": [_ELSEWHERE],
            "host_selection_retry_max_attempts": _DRAWS,
            "retry_back_off": {
                "base_interval": seconds(protection.backoff.first),
                "max_interval": seconds(protection.backoff.longest),
            },
        },
    }


def _filters(rule: Rule, tokens: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if tokens and rule.policy.authenticate is not Mode.NONE:
        kind = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig"
        found[JWT] = typed(kind, requirement_name=rule.policy.authenticate.value)
    if limits := [limit for limit in rule.policy.limits if limit.by is By.IP]:
        found[LIMIT] = _local_limit(limits)
    return found


def _local_limit(limits: Sequence[Limit]) -> dict[str, Any]:
    """A bucket for each address (of IPv6: each /64 network), made when it is first seen."""
    return typed(
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="per_ip",
        filter_enabled=_ALL,
        filter_enforced=_ALL,
        token_bucket={"max_tokens": _NO_BOUND, "tokens_per_fill": _NO_BOUND, "fill_interval": "1s"},
        always_consume_default_token_bucket=False,
        rate_limits=[{"actions": [_WHO, {"generic_key": {"descriptor_value": limit.name}}]} for limit in limits],
        descriptors=[
            {
                "entries": [{"key": "masked_remote_address"}, {"key": "generic_key", "value": limit.name}],
                "token_bucket": {
                    "max_tokens": limit.count,
                    "tokens_per_fill": limit.count,
                    "fill_interval": seconds(limit.window),
                },
            }
            for limit in limits
        ],
        max_dynamic_descriptors=10_000,
    )


_WHO = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
