"""Login, refresh and logout. The answers are for the client alone: no cache may keep them."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from chassis.identity.claims import LIFETIME_SECONDS
from monolith.users.serializers import LoginSerializer, RefreshSerializer, SessionSerializer
from monolith.users.services import sessions
from monolith.users.views.refusals import UsersView


class PublicView(UsersView):
    """Asked by somebody who has no valid access token, so a stale one is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class LoginView(PublicView):
    @extend_schema(request=LoginSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Begin a session."""
        asked = LoginSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(sessions.login(**asked.validated_data))


class RefreshView(PublicView):
    @extend_schema(request=RefreshSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Continue a session. The refresh token is good for one use; a second use ends the session
        everywhere.
        """
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


def _answer(session: sessions.Session) -> Response:
    user = session.user
    body = {
        "access": session.access,
        "refresh": session.refresh,
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "user": {"id": user.public_id, "key": user.id},
    }
    return Response(body, headers={"Cache-Control": "no-store", "Banyan-Subject": str(user.public_id)})
