"""What a policy is made of."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from facade.admission.admission import Priority
from facade.problems import Problem
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

    def rescue(self, request: Request, problem: Problem) -> Reply | None:
        """What to answer instead of the problem; None for the problem itself."""


@runtime_checkable
class Ender(Protocol):
    """A stage that must know when a request is over, whichever way."""

    def ended(self, request: Request) -> None:
        """Called once, last."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The stages of one route, from the outermost to the one next to the upstream. `finishers`: those that look at answers, each
    with its place, the innermost first. `whole`: so many bytes of an answer are to be there before they look. `priority`: who
    waits first under overload.
    """

    path: str
    methods: frozenset[str]
    stages: tuple[Stage, ...]
    finishers: tuple[tuple[int, Finisher], ...]
    rescuers: tuple[Rescuer, ...]
    enders: tuple[Ender, ...]
    whole: int
    priority: Priority

    @classmethod
    def of(cls, path: str, methods: frozenset[str], stages: tuple[Stage, ...], priority: Priority = Priority.NORMAL) -> "Policy":
        """The policy of these stages. What they can do beside admitting requests is found out here, once."""
        places = reversed(list(enumerate(stages)))
        return cls(
            path,
            methods,
            stages,
            tuple((place, stage) for place, stage in places if isinstance(stage, Finisher)),
            tuple(stage for stage in reversed(stages) if isinstance(stage, Rescuer)),
            tuple(stage for stage in stages if isinstance(stage, Ender)),
            max((getattr(stage, "whole", 0) for stage in stages), default=0),
            priority,
        )
