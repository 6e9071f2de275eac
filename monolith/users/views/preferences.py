"""The customer's own preferences."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.users.fields import Preferences
from monolith.users.services import preferences
from monolith.users.views.refusals import UsersView, key_of


class PreferencesView(UsersView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Names and values."""
        return Response(preferences.preferences(key_of(request)))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request) -> Response:
        """Replace all preferences by these."""
        wanted = Preferences().run_validation(request.data)
        return Response(preferences.replace_preferences(key_of(request), wanted))
