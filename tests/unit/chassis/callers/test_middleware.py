"""What an upstream does with Banyan-Caller."""

import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from chassis import env
from chassis.callers.middleware import CallerMiddleware
from chassis.callers.tokens import Signer

Seen = list[HttpRequest]


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def middleware(seen: Seen) -> CallerMiddleware:
    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(b"fine")

    with override_settings(BANYAN_CALLER_AUDIENCE="users"):
        return CallerMiddleware(view)


def _call(middleware: CallerMiddleware, token: str | None) -> HttpResponse:
    headers = {} if token is None else {"Banyan-Caller": token}
    answer = middleware(RequestFactory().get("/api/v1/users/me", headers=headers))
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_request_without_the_header_passes_as_nobodys(middleware: CallerMiddleware, seen: Seen) -> None:
    """It came by another way than the facade."""
    assert _call(middleware, None).content == b"fine"
    assert seen[0].banyan_caller is None  # type: ignore[attr-defined]


def test_a_good_token_tells_the_view_who_sent_it(middleware: CallerMiddleware, seen: Seen) -> None:
    """Once."""
    token = Signer(env.internal_token(), "facade", "users").sign().decode()
    assert _call(middleware, token).content == b"fine"
    assert seen[0].banyan_caller.issuer == "facade"  # type: ignore[attr-defined]
    assert _call(middleware, token).status_code == 401


@pytest.mark.parametrize("audience", [None, "monolith"])
def test_a_bad_token_is_refused_and_the_view_is_not_asked(audience: str | None, middleware: CallerMiddleware, seen: Seen) -> None:
    """With a problem that says why."""
    token = "" if audience is None else Signer(env.internal_token(), "facade", audience).sign().decode()
    answer = _call(middleware, token)
    problem = json.loads(answer.content)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"] == 'Banyan-Caller realm="banyan internal"'
    assert problem["type"] == "urn:banyan:problem:invalid-caller"
    assert problem["detail"] == f"Banyan-Caller: the token is {'malformed' if audience is None else 'not for users'}."
    assert not seen
