"""How OpenAPI documents describe the access token. A project imports this where it sets up its document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class AccessToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """The bearer token of `JwtAuthentication`; being defined is enough for it to be found."""

    target_class = "chassis.identity.drf.JwtAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
