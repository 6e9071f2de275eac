"""How a REST API admits a request: by an access token (customers) or by the internal token (the platform's
own processes).
"""

import hmac
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chassis import env
from chassis.identity.subject import Peer, Subject
from chassis.identity.tokens import InvalidToken, verify

if TYPE_CHECKING:
    # At run time this module is imported by rest_framework.views itself, which reads its defaults from the settings.
    from rest_framework.views import APIView


def _bearer(request: Request) -> str | None:
    """The request's bearer token; None without one."""
    scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


@cache
def _internal_token() -> bytes:
    return env.internal_token().encode()


class JwtAuthentication(BaseAuthentication):
    """`request.user` becomes a `Subject`, from the token alone. A bad token is a 401, also where none is
    needed.
    """

    def authenticate(self, request: Request) -> tuple[Subject, str] | None:
        token = _bearer(request)
        if token is None:
            return None
        try:
            return verify(token), token
        except InvalidToken as error:
            raise AuthenticationFailed(str(error)) from error

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="banyan"'


class InternalTokenAuthentication(BaseAuthentication):
    """`request.user` becomes a `Peer` when the bearer token is the platform's internal one."""

    def authenticate(self, request: Request) -> tuple[Peer, None] | None:
        token = _bearer(request)
        if token is None:
            return None
        if not hmac.compare_digest(token.encode(), _internal_token()):
            raise AuthenticationFailed("This is not the internal token.")
        return Peer(), None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="banyan internal"'


class HasScope(BasePermission):
    """The subject's token must carry `scope`."""

    scope: ClassVar[str]

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        user: Any = request.user
        return isinstance(user, Subject) and self.scope in user.scopes


class IsCustomer(HasScope):
    scope = "customer"


class IsPeer(BasePermission):
    """Only another process of the platform."""

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        return isinstance(request.user, Peer)
