"""Login, refresh and logout. The answers are for the client alone: no cache may keep them."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from chassis.identity.claims import LIFETIME_SECONDS
from extracted.users.problems import UsersView
from extracted.users.services import sessions
from extracted.users.v1.serializers import LoginSerializer, RefreshSerializer, TokensSerializer


class PublicView(UsersView):
    """Asked by somebody who has no valid access token, so a stale one is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class LoginView(PublicView):
    @extend_schema(request=LoginSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Begin a session."""
        asked = LoginSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(sessions.login(**asked.validated_data))


class RefreshView(PublicView):
    @extend_schema(request=RefreshSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Continue a session. The refresh token is good for one use; a second use ends the session everywhere."""
        return _answer(sessions.refresh(_refresh_token(request)))


class LogoutView(PublicView):
    @extend_schema(request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the session that this refresh token belongs to."""
        sessions.logout(_refresh_token(request))
        return Response(status=204)


def _refresh_token(request: Request) -> str:
    asked = RefreshSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    token: str = asked.validated_data["refresh"]
    return token


def _answer(tokens: sessions.Tokens) -> Response:
    account = tokens.account
    body = {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "user": {"id": account.public_id, "key": account.id},
    }
    return Response(body, headers={"Cache-Control": "no-store", "Banyan-Subject": str(account.public_id)})
