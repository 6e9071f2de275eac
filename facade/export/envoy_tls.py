"""How Envoy (API v3) is to call upstreams by https: whom it believes, what it shows, and which name it expects.

Each host has a socket of its own, found by a mark of its endpoints: one host's certificate must not do for another's. Files are
named as the settings name them, and must be there where Envoy runs.
"""

from collections.abc import Sequence
from typing import Any

from facade.export.messages import typed
from facade.export.model import Address
from facade.settings import Settings

_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
_SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
_NEWEST = "TLSv1_3"
"""Envoy's clients go no further than 1.2 unless they are told."""


def sockets(addresses: Sequence[Address], settings: Settings) -> dict[str, Any]:
    """What a cluster of these addresses says of TLS: nothing where they are called by http."""
    by_host = {address.host: address for address in addresses if address.tls}
    matches = [
        {"name": host, "match": {"host": host}, "transport_socket": _socket(address, settings)}
        for host, address in by_host.items()
    ]
    return {"transport_socket_matches": matches} if matches else {}


def mark(address: Address) -> dict[str, Any]:
    """What an endpoint says of itself, so that its socket is found."""
    if not address.tls:
        return {}
    return {"metadata": {"filter_metadata": {"envoy.transport_socket_match": {"host": address.host}}}}


def _socket(address: Address, settings: Settings) -> dict[str, Any]:
    """A number is no server name (RFC 6066), so none is sent for it."""
    common = {
        "tls_params": _versions(settings),
        "validation_context": {
            "trusted_ca": {"filename": settings.upstream_ca or _SYSTEM_ROOTS},
            "match_typed_subject_alt_names": [
                {"san_type": "DNS" if address.by_name else "IP_ADDRESS", "matcher": {"exact": address.host}}
            ],
        },
        **_own(settings),
    }
    name = {"sni": address.host} if address.by_name else {}
    return {"name": "envoy.transport_sockets.tls", "typed_config": typed(_TLS, **name, common_tls_context=common)}


def _versions(settings: Settings) -> dict[str, str]:
    """Within the platform nothing older is spoken than the facade speaks there."""
    oldest = {"tls_minimum_protocol_version": _NEWEST} if settings.upstream_ca else {}
    return {**oldest, "tls_maximum_protocol_version": _NEWEST}


def _own(settings: Settings) -> dict[str, Any]:
    if not settings.upstream_ca:
        return {}
    certificate, key = settings.upstream_certificate, settings.upstream_key
    return {"tls_certificates": [{"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}]}
