"""The public keys, for whoever verifies access tokens."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from chassis.identity.keys import signing_key


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """`/.well-known/jwks.json`."""
    return JsonResponse(signing_key().jwks(), headers={"Cache-Control": "public, max-age=300"})
