"""Registration and the customer's own profile."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.users.representation import user_json
from monolith.users.serializers import ProfileSerializer, RegistrationSerializer, UserSerializer
from monolith.users.services import accounts
from monolith.users.views.refusals import UsersView, key_of


class RegisterView(UsersView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=RegistrationSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        """Become a customer."""
        asked = RegistrationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        profile = dict(asked.validated_data)
        user = accounts.register(profile.pop("email"), profile.pop("password"), profile)
        return Response(user_json(user), 201, headers={"Banyan-Subject": str(user.public_id)})


class MeView(UsersView):
    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """The customer's own profile."""
        return Response(user_json(accounts.active(key_of(request))))

    @extend_schema(request=ProfileSerializer(partial=True), responses=UserSerializer)
    def patch(self, request: Request) -> Response:
        """Change the given fields, and only those."""
        asked = ProfileSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return Response(user_json(accounts.change_profile(key_of(request), asked.validated_data)))
