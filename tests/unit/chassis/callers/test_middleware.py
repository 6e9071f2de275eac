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


def _middleware(seen: Seen, *, required: bool) -> CallerMiddleware:
    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(b"fine")

    with override_settings(BANYAN_CALLER_AUDIENCE="users", BANYAN_CALLER_REQUIRED=required):
        return CallerMiddleware(view)


@pytest.fixture
def middleware(seen: Seen) -> CallerMiddleware:
    return _middleware(seen, required=False)


@pytest.fixture
def strict(seen: Seen) -> CallerMiddleware:
    return _middleware(seen, required=True)


def _call(middleware: CallerMiddleware, token: str | None, path: str = "/api/v1/users/me") -> HttpResponse:
    headers = {} if token is None else {"Banyan-Caller": token}
    answer = middleware(RequestFactory().get(path, headers=headers))
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


@pytest.mark.parametrize(
    "path", ["/api/v1/users/me", "/", "/admin/", "/internal", "/readyz/", "/.well-known/other", "//internal/x"]
)
def test_where_it_is_required_nobody_passes_without_one(path: str, strict: CallerMiddleware, seen: Seen) -> None:
    """Who has no token came by another way than the facade, and is told so; with one he passes."""
    answer = _call(strict, None, path)
    assert answer.status_code == 401
    assert "there is no token" in json.loads(answer.content)["detail"]
    assert not seen
    assert _call(strict, Signer(env.internal_token(), "facade", "users").sign().decode(), path).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/internal/users/customers"])
def test_what_must_be_open_is_open(path: str, strict: CallerMiddleware) -> None:
    """Probes, scrapes and verifiers sign nothing, and /internal asks for a token of its own; a bad one is refused there, too."""
    assert _call(strict, None, path).status_code == 200
    assert _call(strict, "nonsense", path).status_code == 401
