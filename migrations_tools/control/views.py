"""The internal API of the control app, for facades. It answers whoever carries the internal
token, and nobody else.
"""

from django.http import HttpRequest, JsonResponse

from chassis.replica.views import internal
from migrations_tools.control import feed


@internal("GET")
def routes(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """The route feed (`feed.routes`)."""
    return JsonResponse(feed.routes())
