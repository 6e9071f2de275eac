"""The time by which the request that is being served must be answered, passed on from process to process.

`Banyan-Timeout` says how many milliseconds the caller will still wait: a duration and no time of day, since clocks differ.
Whoever calls on waits no longer than that. A request that comes too late is refused; running work is not interrupted.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

from chassis.problems import Problem
from chassis.problems.answers import problem_response

HEADER = "Banyan-Timeout"

_until: ContextVar[float | None] = ContextVar("banyan_deadline", default=None)


def remaining(seconds: float) -> float:
    """How long a call may take that would itself allow `seconds`; negative when the time is over."""
    until = _until.get()
    return seconds if until is None else min(seconds, until - time.monotonic())


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever is called inside has `seconds` in all, or what is left of an earlier deadline."""
    token = _until.set(time.monotonic() + remaining(seconds))
    try:
        yield
    finally:
        _until.reset(token)


def outgoing(seconds: float) -> Mapping[str, str]:
    """The header of a call that we wait `seconds` for."""
    return {HEADER: str(max(1, int(seconds * 1000)))}


class DeadlineMiddleware:
    """Takes over the caller's deadline. A request that has none, or one that cannot be read, has no deadline."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        if not given.isascii() or not given.isdigit() or len(given) > 9:
            return self.get_response(request)
        if int(given) == 0:
            return problem_response(Problem(504, "The caller's time was over before its request was read."), request.path)
        with within(int(given) / 1000):
            return self.get_response(request)
