"""What a policy is made of: the shapes of its stages."""

from collections.abc import Awaitable
from typing import Protocol, runtime_checkable

from facade.reply import Reply
from facade.request import Request


class Stage(Protocol):
    """Built once for a route, asked for every request of it."""

    @property
    def name(self) -> str:
        """As the declaration calls it."""

    def before(self, request: Request) -> Awaitable[None] | None:
        """Admit the request: raise `Problem` to refuse it, set `request.reply` to answer it here. None when that is done at once,
        else what must be waited for.
        """

    def explain(self, request: Request) -> str:
        """One line: what it would decide for this request, and why. Changes nothing."""


@runtime_checkable
class Rehearser(Protocol):
    """A stage whose `before` does more than look at the request and change it: it counts, keeps, or asks somebody."""

    def rehearse(self, request: Request) -> str | None:
        """Do to the request alone what `before` would do, as far as that can be known without asking. In words, what would be
        answered here; None when the request would go on. Raises `Problem` where it would be refused.
        """


@runtime_checkable
class Finisher(Protocol):
    """A stage that also looks at answers."""

    def after(self, request: Request, reply: Reply) -> None:
        """Look at an answer, or change it, before it is sent."""


@runtime_checkable
class Rescuer(Protocol):
    """A stage that may have an answer where the upstream has none."""

    @property
    def event(self) -> str:
        """As its answers are counted."""

    def rescue(self, request: Request, status: int) -> Reply | None:
        """What to answer instead of a failure with this status, be it the upstream's or this entrance's; None for the failure
        itself. Only the stages further out look at it.
        """


@runtime_checkable
class Ender(Protocol):
    """A stage that must know when a request is over, whichever way."""

    def ended(self, request: Request) -> None:
        """Called once, last."""
