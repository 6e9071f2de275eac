"""Tells a view which process of the platform sent its request: `request.banyan_caller`, a `Caller` or None.

A token that is not good is refused, whatever it asks for: somebody pretends. A request without one passes unless
`settings.BANYAN_CALLER_REQUIRED`; then it came by another way than the facade, and only what must be open is answered: probes,
metrics, the issuer's public keys, and /internal, which asks for the internal token itself. `settings.BANYAN_CALLER_AUDIENCE` is
the name under which this process is called.
"""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from chassis import env
from chassis.callers.tokens import HEADER, Caller, InvalidCaller, Verifier
from chassis.problems import NAMESPACE, Problem
from chassis.problems.answers import problem_response

OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"})
TRUSTED = "/internal/"
"""Below it every view asks for the internal token, of which a caller's token is only derived."""


class CalledRequest(HttpRequest):
    """A request that passed `CallerMiddleware`."""

    banyan_caller: Caller | None


class CallerMiddleware:
    """Stands inside of TelemetryMiddleware, so that refusals are counted, and outside of all that reads a body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._required = bool(settings.BANYAN_CALLER_REQUIRED)
        self._verifier = Verifier(env.internal_token(), settings.BANYAN_CALLER_AUDIENCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            cast("CalledRequest", request).banyan_caller = self._caller(request)
        except InvalidCaller as error:
            return problem_response(_refused(error), request.path)
        return self.get_response(request)

    def _caller(self, request: HttpRequest) -> Caller | None:
        """Raises `InvalidCaller`."""
        token = request.headers.get(HEADER)
        if token is not None:
            return self._verifier.verify(token)
        if self._required and request.path not in OPEN and not request.path.startswith(TRUSTED):
            raise InvalidCaller("there is no token, and this process answers the platform's own processes only")
        return None


def _refused(error: InvalidCaller) -> Problem:
    challenge = {"WWW-Authenticate": f'{HEADER} realm="banyan internal"'}
    return Problem(401, f"{HEADER}: {error}.", type=NAMESPACE + "invalid-caller", title="Invalid caller", headers=challenge)
