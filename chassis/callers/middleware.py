"""Tells a view which process of the platform sent its request: `request.banyan_caller`, a `Caller` or None.

A request without the header passes: it came by another way than the facade. One with a token that is not good is refused,
whatever it asks for: somebody pretends. `settings.BANYAN_CALLER_AUDIENCE` is the name under which this process is called.
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


class CalledRequest(HttpRequest):
    """A request that passed `CallerMiddleware`."""

    banyan_caller: Caller | None


class CallerMiddleware:
    """Stands inside of TelemetryMiddleware, so that refusals are counted, and outside of all that reads a body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._verifier = Verifier(env.internal_token(), settings.BANYAN_CALLER_AUDIENCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = request.headers.get(HEADER)
        try:
            cast("CalledRequest", request).banyan_caller = None if token is None else self._verifier.verify(token)
        except InvalidCaller as error:
            return problem_response(_refused(error), request.path)
        return self.get_response(request)


def _refused(error: InvalidCaller) -> Problem:
    challenge = {"WWW-Authenticate": f'{HEADER} realm="banyan internal"'}
    return Problem(401, f"{HEADER}: {error}.", type=NAMESPACE + "invalid-caller", title="Invalid caller", headers=challenge)
