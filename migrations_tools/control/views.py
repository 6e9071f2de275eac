"""The internal API of the control app, for facades. It answers whoever carries the internal
token, and nobody else.
"""

from hmac import compare_digest

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from chassis import env
from migrations_tools.control import feed


@require_safe
def routes(request: HttpRequest) -> HttpResponse:
    """The route feed as JSON; 401 without the internal token."""
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {env.internal_token()}".encode()):
        problem = {
            "type": "about:blank",
            "title": "Unauthorized",
            "status": 401,
            "detail": "Internal token required.",
        }
        return JsonResponse(
            problem,
            status=401,
            content_type="application/problem+json",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return JsonResponse(feed.routes())
