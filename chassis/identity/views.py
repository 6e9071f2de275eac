"""The public keys, for whoever verifies access tokens."""

import time

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from chassis.identity.keeping import ring
from chassis.identity.ring import KNOWN_SECONDS


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """`/.well-known/jwks.json`."""
    return JsonResponse(ring().jwks(time.time()), headers={"Cache-Control": f"public, max-age={KNOWN_SECONDS}"})
