"""The routes that facades follow: read from the state, answered over HTTP and pushed over Valkey.

A service whose address is not known is listed with no address; the facade keeps what it knew.
"""

import logging
from typing import Any

import orjson

from chassis import env
from migrations_tools.control import valkeys, versions
from migrations_tools.control.models import ApiKey, ContextState
from migrations_tools.phases import Phase
from migrations_tools.plans import PLANS

CHANNEL = "banyan:routes"

logger = logging.getLogger(__name__)


def routes() -> dict[str, Any]:
    """{"version": int, "contexts": {name: {"phase", "epoch", "read_percent", "shadow_percent",
    "services"}}, "api_keys": [{"id", "hash" (hexadecimal), "scopes", "limit" ({"requests", "seconds"}
    or null), "expires" (Unix seconds or null)}]}; of the keys, those in force.
    """
    # First: what is read after it is at least as new, so that a facade which acknowledges a version has all of it.
    version = versions.latest()
    states = {state.context: state for state in ContextState.objects.filter(context__in=PLANS)}
    return {
        "version": version,
        "contexts": {name: _entry(name, states.get(name)) for name in PLANS},
        "api_keys": [_api_key(key) for key in ApiKey.in_force()],
    }


def publish() -> None:
    """Push the routes to every facade that listens. Raises `valkey.ValkeyError` when there is no
    Valkey to push to.
    """
    message = orjson.dumps(routes())
    with valkeys.connected() as client:
        client.publish(CHANNEL, message)


def _entry(name: str, state: ContextState | None) -> dict[str, Any]:
    state = state or ContextState(context=name, phase=Phase.MONOLITH)
    return {
        "phase": str(state.phase),
        "epoch": state.epoch,
        "read_percent": state.read_percent,
        "shadow_percent": state.shadow_percent,
        "services": _services(name),
    }


def _api_key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "hash": key.hash,
        "scopes": key.scopes,
        "limit": {"requests": key.limit_requests, "seconds": key.limit_seconds} if key.limit_requests else None,
        "expires": int(key.expires_at.timestamp()) if key.expires_at else None,
    }


def _services(name: str) -> list[str]:
    try:
        return [url.strip() for url in env.service_url(name).split(",") if url.strip()]
    except env.ServiceUnknownError as problem:
        logger.warning("no address of the service %s: %s", name, problem)
        return []
