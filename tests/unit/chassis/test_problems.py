"""Problem documents."""

import orjson
import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions

from chassis.problems import NAMESPACE, Problem, answers, invalid

REQUEST = RequestFactory().get("/api/v1/x")
PAGE = RequestFactory().get("/admin/x")


def test_a_problem_has_the_rfcs_members() -> None:
    """Type, title, status, detail and instance, then whatever the kind adds; an extension cannot replace one of them."""
    problem = Problem(409, "No.", type=NAMESPACE + "taken", extensions={"owner": "service", "status": 1})
    assert orjson.loads(problem.render("/x")) == {
        "type": "urn:banyan:problem:taken",
        "title": "Conflict",
        "status": 409,
        "detail": "No.",
        "instance": "/x",
        "owner": "service",
    }


def test_members_without_a_value_are_left_out() -> None:
    """A bare problem is about:blank and the status' own phrase."""
    assert orjson.loads(Problem(404).render()) == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_errors_may_be_by_position() -> None:
    """The errors of a list's members are told by their index."""
    assert orjson.loads(invalid({"lines": {0: ["Too long."]}}).render())["errors"] == {"lines": {"0": ["Too long."]}}


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (Problem(418), 418),
        (Http404("secret"), 404),
        (PermissionDenied("secret"), 403),
        (exceptions.ValidationError({"x": ["Bad."]}), 400),
        (exceptions.ValidationError(["Bad."]), 400),
        (exceptions.NotAuthenticated(), 401),
        (exceptions.MethodNotAllowed("PUT"), 405),
        (exceptions.UnsupportedMediaType("text/plain"), 415),
        (exceptions.Throttled(wait=3), 429),
    ],
)
def test_every_refusal_becomes_a_problem(raised: Exception, status: int) -> None:
    """What the REST framework and Django refuse is told as a problem, without what they say to developers."""
    answer = answers.exception_handler(raised, {"request": REQUEST})
    assert answer is not None
    assert answer.status_code == orjson.loads(answer.content)["status"] == status
    assert answer["Content-Type"] == "application/problem+json"
    assert b"secret" not in answer.content


def test_a_throttled_client_learns_when_to_come_back() -> None:
    """The seconds to wait are in Retry-After."""
    answer = answers.exception_handler(exceptions.Throttled(wait=2.5), {"request": REQUEST})
    assert answer is not None
    assert answer["Retry-After"] == "3"


@pytest.mark.parametrize("raised", [RuntimeError("x"), ValueError("x"), KeyError("x")])
def test_what_is_no_refusal_passes_through(raised: Exception) -> None:
    """A failure, and an exception that only a middleware understands, are not answered here."""
    assert answers.exception_handler(raised, {"request": REQUEST}) is None


def test_error_pages_are_problems_below_api_only() -> None:
    """Clients of the API get problems, people in the admin get pages."""
    for handler in (answers.bad_request, answers.permission_denied, answers.page_not_found):
        assert handler(REQUEST, Exception("x"))["Content-Type"] == "application/problem+json"
        assert handler(PAGE, Exception("x"))["Content-Type"].startswith("text/html")
    assert answers.server_error(REQUEST)["Content-Type"] == "application/problem+json"
    assert answers.server_error(PAGE)["Content-Type"].startswith("text/html")
