"""What everything that answers requests in this process works with."""

from dataclasses import dataclass

from facade.book import RouteBook
from facade.callers import Callers
from facade.metrics import Metrics
from facade.positions import Positions
from facade.resilience.guard import Guards
from facade.settings import Settings
from facade.upstreams import Upstreams


@dataclass(slots=True)
class Desk:
    """What every exchange of this process shares."""

    settings: Settings
    book: RouteBook
    upstreams: Upstreams
    positions: Positions
    metrics: Metrics
    guards: Guards
    callers: Callers
