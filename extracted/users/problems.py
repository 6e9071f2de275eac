"""Which problem each refusal of the service becomes, and the view that makes it so."""

from http import HTTPStatus
from typing import cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chassis.identity.subject import Subject
from chassis.problems import Problem
from extracted.users.services.accounts import EmailTaken, UnknownAccount, VersionPassed
from extracted.users.services.addresses import UnknownAddress
from extracted.users.services.sessions import BadCredentials, BadRefreshToken

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="banyan"'}
REFUSALS: dict[type[Exception], tuple[HTTPStatus, str, str]] = {
    EmailTaken: (HTTPStatus.CONFLICT, "email-taken", "This e-mail address is registered already."),
    BadCredentials: (HTTPStatus.UNAUTHORIZED, "bad-credentials", "No account has this e-mail and password."),
    BadRefreshToken: (HTTPStatus.UNAUTHORIZED, "bad-refresh-token", "This refresh token is of no use any more."),
    UnknownAccount: (HTTPStatus.UNAUTHORIZED, "unknown-account", "The account is gone, or was closed."),
    UnknownAddress: (HTTPStatus.NOT_FOUND, "unknown-address", "You have no address with this number."),
    VersionPassed: (HTTPStatus.PRECONDITION_FAILED, "version-passed", "The account has changed since that version."),
}


class UsersView(APIView):
    """A view of this service; what it refuses becomes a problem, anything else passes through."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(_problem(exc) or exc)


def _problem(exc: Exception) -> Problem | None:
    if type(exc) not in REFUSALS:
        return None
    status, slug, detail = REFUSALS[type(exc)]
    headers = CHALLENGE if status == HTTPStatus.UNAUTHORIZED else {}
    return Problem(status, detail, type=f"urn:banyan:problem:{slug}", headers=headers)


def key_of(request: Request) -> int:
    """The key of the customer who asks."""
    return cast("Subject", request.user).key
