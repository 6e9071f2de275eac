"""The replica protocol over HTTP, for the relay and the verifier; every request carries the internal bearer token."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from chassis import env
from chassis.problems import Problem
from chassis.problems.answers import problem_response
from chassis.replica import authority, store
from chassis.replica.apply import StaleBatch, apply, rehearse
from chassis.replica.authority import Misdirected, Side
from chassis.replica.binding import UnknownAggregate, binding
from chassis.replica.connections import conninfo, pool
from chassis.replica.middleware import misdirected_response
from chassis.replica.wire import CONTENT_TYPE, Header, MalformedBatch, decode, encode_documents

MAX_KEYS = 10_000
View = Callable[..., HttpResponseBase]


def internal(method: str) -> Callable[[View], View]:
    """Admit one method with the internal token; turn the protocol's errors into problems."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def wrapped(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
            try:
                _admit(request, method)
                return view(request, *args, **kwargs)
            except Problem as problem:
                return problem_response(problem, request.path)
            except UnknownAggregate as error:
                return problem_response(Problem(404, str(error)), request.path)
            except (MalformedBatch, ValueError) as error:
                return problem_response(Problem(400, str(error)), request.path)
            except StaleBatch as error:
                known = error.known
                return misdirected_response(Misdirected(known.context, known.owner, known.epoch), request)

        return wrapped

    return decorate


def _admit(request: HttpRequest, method: str) -> None:
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {env.internal_token()}".encode()):
        raise Problem(401, "The internal token is missing or wrong.")
    if request.method != method:
        raise Problem(405, f"Use {method}.", headers={"Allow": method})


def _connection() -> Any:
    return pool(conninfo()).connection()


def _side() -> Side:
    return cast("Side", settings.BANYAN_SIDE)


@internal("POST")
def batches(request: HttpRequest, context: str, aggregate: str) -> HttpResponse:
    """Apply a batch (`chassis.replica.wire`). 200 with the answer, 421 when it was read under an authority that has ended."""
    header = Header.from_headers(context, aggregate, request.headers)
    lines = list(decode(request.read()))
    with _connection() as connection:
        answer = apply(connection, _side(), binding(context, aggregate), header, lines)
    return HttpResponse(orjson.dumps(answer.as_json()), content_type="application/json")


@internal("POST")
def rehearsals(request: HttpRequest, context: str, aggregate: str) -> HttpResponse:
    """Would a batch be accepted here? Asked of the owner; changes nothing."""
    lines = list(decode(request.read()))
    with _connection() as connection:
        answer = rehearse(connection, _side(), binding(context, aggregate), lines)
    return HttpResponse(orjson.dumps(answer.as_json()), content_type="application/json")


@internal("POST")
def documents(request: HttpRequest, context: str, aggregate: str) -> HttpResponse:
    """The documents of `{"keys": [...]}` (at most 10,000) that exist, one a line."""
    wanted = orjson.loads(request.body)["keys"] if request.body else []
    if not isinstance(wanted, list) or len(wanted) > MAX_KEYS or not all(isinstance(key, int) for key in wanted):
        raise ValueError(f"`keys` must be a list of at most {MAX_KEYS} integers.")
    with _connection() as connection:
        found = store.documents(connection, binding(context, aggregate), wanted)
    return HttpResponse(encode_documents(found.items()), content_type=CONTENT_TYPE)


@internal("GET")
def keys(request: HttpRequest, context: str, aggregate: str) -> JsonResponse:
    """Keys above `?after=` in ascending order, at most `?limit=` (10,000)."""
    after, limit = _integer(request, "after"), min(_integer(request, "limit"), MAX_KEYS)
    with _connection() as connection:
        found = store.keys(connection, context, aggregate, after, limit)
    return JsonResponse({"keys": found})


@internal("GET")
def range_digest(request: HttpRequest, context: str, aggregate: str) -> JsonResponse:
    """Count and digest of the documents with keys in `?low=`..`?high=`."""
    with _connection() as connection:
        count, digest = store.range_digest(
            connection, binding(context, aggregate), _integer(request, "low"), _integer(request, "high")
        )
    return JsonResponse({"count": count, "digest": digest})


@internal("GET")
def authority_row(request: HttpRequest, context: str) -> JsonResponse:  # noqa: ARG001
    """Who owns the context, as this side knows it."""
    known = authority.of_this_side(context)
    return JsonResponse({"context": context, "owner": known.owner, "epoch": known.epoch})


def _integer(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "")
    if not value.lstrip("-").isdigit():
        raise ValueError(f"?{name}= must be an integer.")
    return int(value)
