"""Refuses requests to a context that this side has no authority for, and tells where each write stands.

Reads are refused as well as writes: a router with a stale table would otherwise show a customer data from before its own
acknowledged write. A router that knows it reads a replica says so with `Banyan-Read: replica` and has checked the horizon itself.
"""

from collections.abc import Callable, Iterable
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from chassis.problems import NAMESPACE, Problem
from chassis.problems.answers import problem_response
from chassis.replica import positions
from chassis.replica.authority import Misdirected, misdirected_in, require

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_POSITION = """
SELECT string_agg(context || '=' || epoch || ':' || pg_snapshot_xmax(pg_current_snapshot()), ',')
FROM banyan_authority WHERE owner = %s
"""


class AuthorityMiddleware:
    """Answers 421 for `settings.BANYAN_CONTEXTS` (context -> path prefixes) and adds `Banyan-Position` to answers of writes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.prefixes = [
            (prefix, context) for context, prefixes in settings.BANYAN_CONTEXTS.items() for prefix in _as_tuple(prefixes)
        ]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        context = self._context_of(request.path)
        writes = request.method not in SAFE
        if context is not None and (writes or request.headers.get("Banyan-Read") != "replica"):
            try:
                require(context)
            except Misdirected as misdirected:
                return misdirected_response(misdirected, request)
        return self._write(request) if writes else self.get_response(request)

    def _write(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with the positions of what was written here, and of what was written elsewhere on the way."""
        with positions.noting() as noted:
            response = self.get_response(request)
            if response.status_code < 500:
                positions.note(_position())
                if noted:
                    response[positions.HEADER] = positions.written(noted)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A write that the fence turned away inside a view was not executed; say where it belongs."""
        misdirected = misdirected_in(exception)
        return misdirected_response(misdirected, request) if misdirected else None

    def _context_of(self, path: str) -> str | None:
        for prefix, context in self.prefixes:
            if path.startswith(prefix):
                return context
        return None


def misdirected_response(misdirected: Misdirected, request: HttpRequest) -> HttpResponse:
    """421 Misdirected Request (RFC 9110, section 15.5.20) with the owner and its epoch, in the body and as fields."""
    facts = {"context": misdirected.context, "owner": misdirected.owner, "epoch": misdirected.epoch}
    fields = {f"Banyan-{name.title()}": str(value) for name, value in facts.items()}
    problem = Problem(421, str(misdirected), type=NAMESPACE + "misdirected", extensions=facts, headers=fields)
    return problem_response(problem, request.path)


def _position() -> str | None:
    """Where this side's writes stand now. Every transaction of this request has a lower id than the snapshot's xmax."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITION, [settings.BANYAN_SIDE])
        row = cursor.fetchone()
    return row[0] if row else None


def _as_tuple(prefixes: str | Iterable[str]) -> tuple[str, ...]:
    return (prefixes,) if isinstance(prefixes, str) else tuple(prefixes)
