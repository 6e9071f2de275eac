"""The facade with every policy on, and tracing at its usual ratio: what it is told, what the upstream serves for it, and who
signs in.
"""

import json
import time
from pathlib import Path
from uuid import UUID, uuid5

from benchmarks.gateway.wheels import config
from chassis.identity.keeping import ring
from chassis.identity.tokens import issue

JWKS = ".well-known/jwks.json"
_NAMES = UUID("5b4f6e0e-58a4-4d0e-9f3f-0c8f6c7f5a11")
_READ_PERCENT = {"service": 0, "canary": 50}


def environment(folder: Path, upstream: str, valkey: str, phase: str) -> dict[str, str]:
    """What the facade is started with so that users stands in this phase and all policies of `config/full.toml` hold. The
    upstream is the collector of its spans, too.

    Control is not there; the routes are those that the facade last knew, in its folder.
    """
    state = {
        "phase": phase,
        "epoch": 2,
        "read_percent": _READ_PERCENT[phase],
        "shadow_percent": 0,
        "services": [upstream],
    }
    routes = folder / "facade" / "routes.json"
    routes.parent.mkdir(exist_ok=True)
    routes.write_text(json.dumps({"version": 1, "contexts": {"users": state}}))
    return {
        "FACADE_POLICIES": str(config("full.toml")),
        "USERS_URL": upstream,
        "VALKEY_URL": valkey,
        "OTEL_EXPORTER_OTLP_ENDPOINT": upstream,
    }


def documents() -> dict[str, bytes]:
    """What the upstream serves beside the bodies: the key that verifies the tokens."""
    return {JWKS: json.dumps(ring().jwks(time.time())).encode()}


def token(client: int) -> str:
    """A fresh access token of this client."""
    return issue(uuid5(_NAMES, str(client)), client)
