"""Liveness and readiness.

`/healthz` says that the process answers at all; it asks nothing of anybody, so that a slow database never
gets a process killed. `/readyz` says whether the process can serve: its own database must answer. Both are
served without authentication.
"""

from django.db import connection
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from chassis.problems import NAMESPACE, Problem
from chassis.problems.answers import problem_response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        detail = f"The database does not answer ({type(error).__name__})."
        return problem_response(Problem(503, detail, type=NAMESPACE + "not-ready"), request.path)
    return JsonResponse({"status": "ok", "checks": {"database": "ok"}})
