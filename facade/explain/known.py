"""What decisions are made of, and what one of them is told as."""

from dataclasses import dataclass

from facade.book import RouteBook
from facade.pipeline.table import PolicyTable
from facade.positions import Positions
from facade.resilience.declared import Declaration
from facade.resilience.guard import Guards
from facade.settings import Settings
from facade.upstreams import Upstreams

OUTSIDE = "-"
"""What stands for the context of a path that no context claims."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision about a request."""

    stage: str
    said: str


@dataclass(frozen=True, slots=True)
class Known:
    """What decisions are made of. `running`: it is a worker's own; if not, nobody is there to be asked for positions."""

    settings: Settings
    book: RouteBook
    policies: PolicyTable
    resilience: Declaration
    upstreams: Upstreams
    guards: Guards
    positions: Positions
    running: bool
