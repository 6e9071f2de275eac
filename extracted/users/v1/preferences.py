"""The customer's own preferences."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from extracted.users.fields import Preferences
from extracted.users.problems import UsersView, key_of
from extracted.users.services import preferences


class PreferencesView(UsersView):
    """The same in both versions of the API."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Names and values."""
        return Response(preferences.preferences(key_of(request)))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request) -> Response:
        """Replace all preferences by these."""
        wanted = Preferences().run_validation(request.data)
        return Response(preferences.replace_preferences(key_of(request), wanted))
