"""A static bootstrap of Envoy (API v3, tried with 1.40) that answers from the table in force now."""

from collections.abc import Sequence
from typing import Any

from chassis.identity.claims import AUDIENCE, ISSUER
from facade.export.envoy_clusters import cluster
from facade.export.envoy_routes import JWT, LIMIT, routes
from facade.export.messages import seconds, typed
from facade.export.model import Rule, upstreams
from facade.http1.grammar import LONGEST_HEAD, MOST_FIELDS
from facade.identity.tokens import SKEW_SECONDS
from facade.settings import Settings

_HTTP = "envoy.extensions.filters.http"
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_EARLY = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
_FORGED = (
    "forwarded", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-server", "x-real-ip", "x-api-key",
)  # fmt: skip
_FORGED_STARTS = ("banyan-", "x-envoy-")


def bootstrap(rules: Sequence[Rule], settings: Settings, jwks: str, host: str, port: int) -> dict[str, Any]:
    """The whole configuration. `jwks`: the issuer's key set as JSON; "" where none is kept, then tokens are not checked."""
    address = {"socket_address": {"address": host, "port_value": port}}
    manager = _manager(rules, settings, jwks)
    entrance = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "static_resources": {
            "listeners": [{"name": "entrance", "address": address, "filter_chains": [{"filters": [entrance]}]}],
            "clusters": [cluster(upstream, settings) for upstream in upstreams(rules)],
        }
    }


def _manager(rules: Sequence[Rule], settings: Settings, jwks: str) -> dict[str, Any]:
    table = {"name": "table", "virtual_hosts": [_everything(routes(rules, settings, tokens=bool(jwks)))]}
    early = {"name": "forged", "typed_config": typed(_EARLY, mutations=_forged(settings))}
    return typed(
        _MANAGER,
        stat_prefix="entrance",
        use_remote_address=True,
        xff_num_trusted_hops=1 if settings.trust_forwarded else 0,
        server_header_transformation="PASS_THROUGH",
        preserve_external_request_id=True,
        always_set_request_id_in_response=True,
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        max_request_headers_kb=LONGEST_HEAD // 1024,
        request_headers_timeout=seconds(settings.head_timeout),
        drain_timeout=seconds(settings.drain_timeout),
        common_http_protocol_options={
            "idle_timeout": seconds(settings.keep_alive),
            "max_headers_count": MOST_FIELDS,
            "headers_with_underscores_action": "DROP_HEADER",
        },
        upgrade_configs=[{"upgrade_type": "websocket"}],
        early_header_mutation_extensions=[early],
        route_config=table,
        http_filters=_filters(jwks),
    )


def _everything(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": "everything", "domains": ["*"], "routes": found}


def _forged(settings: Settings) -> list[dict[str, Any]]:
    """What a caller must not claim goes before Envoy looks at it, and adds its own. A balancer that is trusted is believed whose
    request it passes on, and nothing else.
    """
    names = _FORGED if settings.trust_forwarded else (*_FORGED, "x-forwarded-for")
    return [*({"remove": name} for name in names), *(_starting_with(start) for start in _FORGED_STARTS)]


def _starting_with(start: str) -> dict[str, Any]:
    return {"remove_on_match": {"key_matcher": {"prefix": start, "ignore_case": True}}}


def _filters(jwks: str) -> list[dict[str, Any]]:
    marks = {"response_mutations": [_starting_with("banyan-")]}
    limit = typed(f"{_HTTP}.local_ratelimit.v3.LocalRateLimit", stat_prefix="per_ip")
    found = [
        ("envoy.filters.http.header_mutation", typed(f"{_HTTP}.header_mutation.v3.HeaderMutation", mutations=marks)),
        (LIMIT, limit),
        *([(JWT, _tokens(jwks))] if jwks else []),
        ("envoy.filters.http.router", typed(f"{_HTTP}.router.v3.Router", suppress_envoy_headers=True)),
    ]
    return [{"name": name, "typed_config": config} for name, config in found]


def _tokens(jwks: str) -> dict[str, Any]:
    """Routes name what they require; a token that is there must be good in either case."""
    provider = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": jwks},
        "forward": True,
        "require_expiration": True,
        "clock_skew_seconds": int(SKEW_SECONDS),
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
    }
    known = {"provider_name": "issuer"}
    return typed(
        f"{_HTTP}.jwt_authn.v3.JwtAuthentication",
        providers={"issuer": provider},
        requirement_map={
            "required": known,
            "optional": {"requires_any": {"requirements": [known, {"allow_missing": {}}]}},
        },
    )
