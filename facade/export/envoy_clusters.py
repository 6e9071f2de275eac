"""The upstreams as clusters of Envoy (API v3): addresses, and what protects them, from the resilience declaration.

Envoy has no breaker that opens by a rate of failures; its bounds on what is under way, checks and the ejection of instances are
carried. How upstreams by https are called is in `envoy_tls`.
"""

from typing import Any

from facade.export import envoy_tls
from facade.export.messages import seconds, typed
from facade.export.model import Address, Upstream
from facade.resilience.declared import Ejection, Health, Resilience
from facade.settings import Settings

_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_LEAST_PERCENT = 1
"""Of the instances: where fewer are healthy, all are asked. Envoy rounds it to a whole number, and 0 would mean never."""


def cluster(upstream: Upstream, settings: Settings) -> dict[str, Any]:
    """One side of one context."""
    protection, instances = upstream.resilience, upstream.instances
    idle = {"idle_timeout": seconds(settings.idle_timeout)}
    return {
        "name": upstream.name,
        "type": "STRICT_DNS" if any(address.by_name for address in upstream.addresses) else "STATIC",
        "dns_lookup_family": "ALL",
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {"healthy_panic_threshold": {"value": _LEAST_PERCENT}},
        "connect_timeout": seconds(protection.timeouts.connect),
        "circuit_breakers": {"thresholds": [_thresholds(protection)]},
        "outlier_detection": _ejection(instances.ejection),
        **({"health_checks": [_check(instances.health)]} if instances.health is not None else {}),
        "typed_extension_protocol_options": {
            _PROTOCOL: typed(
                _PROTOCOL, common_http_protocol_options=idle, explicit_http_config={"http_protocol_options": {}}
            )
        },
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [{"lb_endpoints": [_endpoint(address) for address in upstream.addresses]}],
        },
        **envoy_tls.sockets(upstream.addresses, settings),
    }  # fmt: skip


def _thresholds(protection: Resilience) -> dict[str, Any]:
    bulkhead = protection.bulkhead
    return {
        "max_connections": bulkhead.most,
        "max_requests": bulkhead.most,
        "max_pending_requests": bulkhead.waiting,
        "retry_budget": {"budget_percent": {"value": protection.retries.share * 100}},
    }


def _ejection(ejection: Ejection) -> dict[str, Any]:
    return {
        "consecutive_gateway_failure": ejection.failures,
        "enforcing_consecutive_gateway_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": seconds(ejection.seconds),
        "max_ejection_time": seconds(ejection.longest),
        "max_ejection_percent": int(ejection.share * 100),
        "successful_active_health_check_uneject_host": False,
    }


def _check(health: Health) -> dict[str, Any]:
    """Without `retriable_statuses` one bad answer would be enough, whatever the threshold says."""
    return {
        "timeout": seconds(health.timeout),
        "interval": seconds(health.interval),
        "no_traffic_interval": seconds(health.interval),
        "interval_jitter_percent": 25,
        "unhealthy_threshold": health.unhealthy_after,
        "healthy_threshold": health.healthy_after,
        "http_health_check": {
            "path": health.path,
            "expected_statuses": [{"start": 200, "end": 300}],
            "retriable_statuses": [{"start": 100, "end": 600}],
        },
    }


def _endpoint(address: Address) -> dict[str, Any]:
    """Checks name the instance in their `Host`, as it is named here: upstreams refuse hosts that they do not know."""
    return {
        "endpoint": {
            "address": {"socket_address": {"address": address.host, "port_value": address.port}},
            "health_check_config": {"hostname": address.netloc},
        },
        **envoy_tls.mark(address),
    }
