"""Registration and the customer's own profile."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from extracted.users.problems import UsersView, key_of
from extracted.users.services import accounts
from extracted.users.services.addresses import profile_address
from extracted.users.v1 import shapes
from extracted.users.v1.serializers import ProfileSerializer, RegistrationSerializer, UserSerializer


class RegisterView(UsersView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=RegistrationSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        """Become a customer."""
        asked = RegistrationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        profile = dict(asked.validated_data)
        account = accounts.register(profile.pop("email"), profile.pop("password"), profile)
        return Response(shapes.user(account, None), 201, headers={"Banyan-Subject": str(account.public_id)})


class MeView(UsersView):
    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """The customer's own profile."""
        account = accounts.active(key_of(request))
        return Response(shapes.user(account, profile_address(account.id)))

    @extend_schema(request=ProfileSerializer(partial=True), responses=UserSerializer)
    def patch(self, request: Request) -> Response:
        """Change the given fields, and only those."""
        asked = ProfileSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        account = accounts.change(key_of(request), asked.validated_data)
        return Response(shapes.user(account, profile_address(account.id)))
