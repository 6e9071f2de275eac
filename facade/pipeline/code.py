"""The stage by which a route is answered by code instead of an upstream.

The code is named as `package.module:function`; it is given the request and returns the answer. It stands where the upstream
would: all other stages of the route count as they do elsewhere, and it has as long as the request has, which is cancelled then.
"""

import importlib
from collections.abc import Awaitable, Callable
from time import monotonic

from facade import problems
from facade.http1 import date
from facade.reply import Reply
from facade.request import Request
from facade.strand import within

Answer = Callable[[Request], Awaitable[Reply]]


class Unknown(ValueError):
    """No such code can be imported."""


def find(name: str) -> Answer:
    """The function of that name. Raises `Unknown`."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (Exception, SystemExit) as error:  # a module may do anything while it is imported, and is refused for it
        raise Unknown(f"{name!r} cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise Unknown(f"{name!r} is no function")
    answer: Answer = found
    return answer


class Code:
    """Stands last. `instead`: it answers in place of an upstream, so none is asked."""

    name = "code"
    instead = True

    def __init__(self, name: str, answer: Answer) -> None:
        self._name = name
        self._answer = answer

    def before(self, request: Request) -> Awaitable[None] | None:
        """Have the request answered. Raises what the code raises: a `Problem` is told to the client."""
        return self._ask(request)

    def explain(self, request: Request) -> str:  # noqa: ARG002 every request is
        """Who answers."""
        return f"answered by {self._name}"

    def rehearse(self, request: Request) -> str | None:
        """The code itself is not run: it may do anything."""
        return self.explain(request)

    async def _ask(self, request: Request) -> None:
        try:
            reply = await within(request.deadline - monotonic(), self._answer(request))
        except TimeoutError as error:
            raise problems.timed_out(f"{self._name} did not answer in time") from error
        reply.fields = date.dated(reply.fields)
        request.reply = reply
