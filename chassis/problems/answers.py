"""Problems as Django answers: the exception handler of the REST framework, and the project's own error pages.

Only what a client may know is told. An exception that is no refusal passes through untouched, so that
middlewares (the replica protocol's, above all) see it before it becomes a 500.
"""

from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions

from chassis.problems import CONTENT_TYPE, Problem, invalid

API_PREFIXES = ("/api/", "/internal/", "/.well-known/")


def problem_response(problem: Problem, instance: str) -> HttpResponse:
    """The problem as an answer; `instance` is the path of the request that met it."""
    body = problem.render(instance)
    return HttpResponse(body, content_type=CONTENT_TYPE, status=problem.status, headers=problem.headers)


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """EXCEPTION_HANDLER of REST_FRAMEWORK: refusals become problems; None lets everything else pass."""
    problem = _problem(exc)
    return None if problem is None else problem_response(problem, context["request"].path)


def _problem(exc: Exception) -> Problem | None:
    match exc:
        case Problem():
            return exc
        case Http404():
            return Problem(404, "Nothing is here.")
        case PermissionDenied():
            return Problem(403, "You may not do this.")
        case exceptions.ValidationError():
            return invalid(_by_field(exc.detail))
        case exceptions.APIException():
            return Problem(exc.status_code, str(exc.detail), headers=_headers(exc))
        case _:
            return None


def _by_field(detail: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", detail) if isinstance(detail, dict) else {"non_field_errors": detail}


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIXES)


def unknown_path(request: HttpRequest, *_captured: str) -> HttpResponse:
    """The view behind every API path that is not there, whatever its pattern captured; also with DEBUG, where Django would
    show a page.
    """
    return problem_response(Problem(404, "Nothing is here."), request.path)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a request that Django itself refused, such as one for an unknown host."""
    if _is_api(request):
        return problem_response(Problem(400, "The request cannot be understood."), request.path)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    if _is_api(request):
        return problem_response(Problem(403, "You may not do this."), request.path)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    if _is_api(request):
        return unknown_path(request)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: says that it failed, and nothing of why; the log has the rest."""
    if _is_api(request):
        return problem_response(Problem(500, "Something failed here. The request id finds it in the log."), request.path)
    return defaults.server_error(request)
