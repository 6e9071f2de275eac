"""The OpenAPI document: what it leaves out, and how it describes access tokens."""

from typing import Any

from chassis.identity.openapi import AccessToken

__all__ = ["AccessToken", "public_only"]


def public_only(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Keep the endpoints below /api/."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]
