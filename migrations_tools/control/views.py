"""The internal API of the control app, for facades. It answers whoever carries the internal
token, and nobody else.
"""

from django.http import HttpRequest, JsonResponse

from chassis.registry.facades import HEADER
from chassis.replica.views import internal
from migrations_tools.control import facades, feed


@internal("GET")
def routes(request: HttpRequest) -> JsonResponse:
    """The route feed (`feed.routes`); who asks is remembered (`facades.heard`)."""
    facades.heard(request.headers.get(HEADER))
    return JsonResponse(feed.routes())
