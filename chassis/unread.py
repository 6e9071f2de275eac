"""Reads what a view left unread of a request's body, before the answer goes out.

A refusal (401, 405) needs no body. The server closes a connection whose body comes later than its answer, without saying so in
the answer; a client that has already reused the connection would get none. Larger bodies are not waited for.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from django.http import HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase

MOST: Final = 65_536
"""Bytes that are read for the sake of the connection."""


class UnreadBodyMiddleware:
    """Outermost, so that the refusals of the other middleware are covered too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isdigit() and 0 < int(length) <= MOST:
            with suppress(UnreadablePostError):  # the client is gone, and its connection with it
                request.read()
        return response
