"""The shadow's bounds: what does not fit is dropped and counted."""

import asyncio
from pathlib import Path
from time import monotonic

from facade.book import RouteBook
from facade.callers import Callers
from facade.desk import Desk
from facade.metrics import Metrics
from facade.positions import Positions
from facade.resilience.declared import Declaration
from facade.resilience.guard import Guards
from facade.routes import ContextState, Feed, Route
from facade.settings import Settings
from facade.shadow import Sample, Shadow
from facade.upstreams import Upstreams
from migrations_tools.phases import Owner, Phase
from migrations_tools.plans import PLANS


def shadowed(percent: float) -> Route:
    book = RouteBook(list(PLANS.values()))
    book.apply(Feed(1, {"users": ContextState(Phase.SHADOW, shadow_percent=percent)}), "feed")
    found = book.table.match("/api/v1/users")
    assert found is not None
    return found


def sitting_at(settings: Settings, upstreams: Upstreams, metrics: Metrics) -> Desk:
    guards = Guards(Declaration(), monotonic)
    return Desk(settings, RouteBook([]), upstreams, Positions(settings, None), metrics, guards, Callers(""))


def test_queue_is_bounded() -> None:
    """A candidate that hangs fills no memory: further reads are not compared, and that is counted."""

    async def run() -> Metrics:
        settings = Settings("http://127.0.0.1:1", shadow_queue=5, var_dir=Path("/nowhere"))
        metrics = Metrics()
        upstreams = Upstreams(settings, {})
        desk = sitting_at(settings, upstreams, metrics)
        shadow = Shadow(desk, None)
        route = shadowed(100)
        for _ in range(20):
            shadow.submit(Sample(route, "/p", b"/p", b"", "ann", 200, b"{}", Owner.MONOLITH))
        await upstreams.close()
        return metrics

    assert asyncio.run(run()).events["users", "shadow_dropped"] == 15


def test_share_of_reads() -> None:
    """About the share that the flag names is compared: none at 0, all at 100."""

    async def run() -> list[int]:
        settings = Settings("http://127.0.0.1:1", var_dir=Path("/nowhere"))
        upstreams = Upstreams(settings, {})
        shadow = Shadow(sitting_at(settings, upstreams, Metrics()), None)
        wanted = [sum(shadow.wants(shadowed(percent)) for _ in range(1_000)) for percent in (0, 100)]
        route = shadowed(20)
        wanted.append(sum(shadow.wants(route) for _ in range(5_000)))
        await upstreams.close()
        return wanted

    none, every, fifth = asyncio.run(run())
    assert (none, every) == (0, 1_000)
    assert 800 < fifth < 1_200
