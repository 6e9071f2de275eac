"""The upstreams as clusters of Envoy (API v3): addresses, and what protects them, from the resilience declaration.

Envoy has no breaker that opens by a rate of failures; its bounds on what is under way and the ejection of instances are carried.
"""

from typing import Any

from facade.export.model import Address, Upstream
from facade.resilience.declared import Resilience
from facade.settings import Settings

_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt"


def typed(kind: str, **fields: Any) -> dict[str, Any]:
    """A message of a type that Envoy finds by its name."""
    return {"@type": f"type.googleapis.com/{kind}", **fields}


def seconds(value: float) -> str:
    """A duration as protobuf's JSON writes it."""
    return f"{value:.9f}".rstrip("0").rstrip(".") + "s"


def cluster(upstream: Upstream, settings: Settings) -> dict[str, Any]:
    """One side of one context."""
    protection, first = upstream.resilience, upstream.addresses[0]
    idle = {"idle_timeout": seconds(settings.idle_timeout)}
    return {
        "name": upstream.name,
        "type": "STRICT_DNS" if any(address.by_name for address in upstream.addresses) else "STATIC",
        "lb_policy": "LEAST_REQUEST",
        "connect_timeout": seconds(protection.timeouts.connect),
        "circuit_breakers": {"thresholds": [_thresholds(protection)]},
        "outlier_detection": _ejection(protection),
        "typed_extension_protocol_options": {
            _PROTOCOL: typed(
                _PROTOCOL, common_http_protocol_options=idle, explicit_http_config={"http_protocol_options": {}}
            )
        },
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [{"lb_endpoints": [_endpoint(address) for address in upstream.addresses]}],
        },
        **({"transport_socket": _tls(first)} if first.tls else {}),
    }  # fmt: skip


def _thresholds(protection: Resilience) -> dict[str, Any]:
    bulkhead = protection.bulkhead
    return {
        "max_connections": bulkhead.most,
        "max_requests": bulkhead.most,
        "max_pending_requests": bulkhead.waiting,
        "retry_budget": {"budget_percent": {"value": protection.retries.share * 100}},
    }


def _ejection(protection: Resilience) -> dict[str, Any]:
    ejection = protection.ejection
    return {
        "consecutive_gateway_failure": ejection.failures,
        "enforcing_consecutive_gateway_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": seconds(ejection.seconds),
        "max_ejection_time": seconds(ejection.longest),
        "max_ejection_percent": int(ejection.share * 100),
    }


def _endpoint(address: Address) -> dict[str, Any]:
    return {"endpoint": {"address": {"socket_address": {"address": address.host, "port_value": address.port}}}}


def _tls(address: Address) -> dict[str, Any]:
    trusted = {
        "trusted_ca": {"filename": _SYSTEM_ROOTS},
        "match_typed_subject_alt_names": [
            {"san_type": "DNS" if address.by_name else "IP_ADDRESS", "matcher": {"exact": address.host}}
        ],
    }
    context = typed(_TLS, sni=address.host, common_tls_context={"validation_context": trusted})
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}
