"""The customer's own account, with its version."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from extracted.users.models import Account
from extracted.users.problems import UsersView, key_of
from extracted.users.services import accounts
from extracted.users.v2 import shapes, versions
from extracted.users.v2.serializers import AccountSerializer, ChangesSerializer

ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, description="The version.", response=[200])
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="Change only from this version.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="The version at hand.")


class MeView(UsersView):
    @extend_schema(parameters=[IF_NONE_MATCH, ETAG], responses={200: AccountSerializer, 304: None})
    def get(self, request: Request) -> Response:
        """The customer's own account."""
        account = accounts.active(key_of(request))
        if versions.is_current(request, account.version):
            return Response(status=304, headers={"ETag": versions.etag(account.version)})
        return _answer(account)

    @extend_schema(
        parameters=[IF_MATCH, ETAG],
        request=ChangesSerializer(partial=True),
        responses={200: AccountSerializer, 412: None},
    )
    def patch(self, request: Request) -> Response:
        """Change the given fields, and only those; 412 when the account is past the version in `If-Match`."""
        asked = ChangesSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return _answer(accounts.change(key_of(request), asked.columns(), versions.required(request)))


def _answer(account: Account) -> Response:
    return Response(shapes.user(account), headers={"ETag": versions.etag(account.version)})
