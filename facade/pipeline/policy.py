"""What is demanded of the requests of one route."""

from dataclasses import dataclass

from facade.admission.priority import Priority
from facade.pipeline.stage import Ender, Finisher, Rescuer, Stage


@dataclass(frozen=True, slots=True)
class Policy:
    """The stages of one route, from the outermost to the one next to the upstream. `finishers`: those that look at answers, each
    with its place, the innermost first; `rescuers`: those that may have one where the upstream has none, in the same order.
    `whole`: so many bytes of an answer are to be there before they look. `inner`: the place of who answers at last: the
    upstream, or code in its stead. `priority`: who waits first under overload.
    """

    path: str
    methods: frozenset[str]
    stages: tuple[Stage, ...]
    finishers: tuple[tuple[int, Finisher], ...]
    rescuers: tuple[tuple[int, Rescuer], ...]
    enders: tuple[Ender, ...]
    whole: int
    inner: int
    priority: Priority

    @classmethod
    def of(cls, path: str, methods: frozenset[str], stages: tuple[Stage, ...], priority: Priority = Priority.NORMAL) -> "Policy":
        """The policy of these stages. What they can do beside admitting requests is found out here, once."""
        places = tuple(reversed(list(enumerate(stages))))
        return cls(
            path,
            methods,
            stages,
            tuple((place, stage) for place, stage in places if isinstance(stage, Finisher)),
            tuple((place, stage) for place, stage in places if isinstance(stage, Rescuer)),
            tuple(stage for stage in stages if isinstance(stage, Ender)),
            max((getattr(stage, "whole", 0) for stage in stages), default=0),
            sum(not getattr(stage, "instead", False) for stage in stages),
            priority,
        )
