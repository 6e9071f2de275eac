"""The parts of a worker as they are wired, without an entrance, and nobody is asked."""

import asyncio
from pathlib import Path

from facade.book import RouteBook
from facade.callers import Callers
from facade.desk import Desk
from facade.gauges import gauges
from facade.identity.jwks import KeySet
from facade.limits.rule import Terms
from facade.metrics import Metrics
from facade.pipeline.book import PolicyBook
from facade.pipeline.compile import Parts, compiled
from facade.positions import Positions
from facade.resilience.declared import Declaration
from facade.resilience.guard import Guards
from facade.responses.compress import Memory
from facade.responses.shared import Cache
from facade.settings import Settings
from facade.upstreams import Upstreams
from migrations_tools.plans import PLANS


class Worker:
    """To be made on a running loop."""

    def __init__(self, folder: Path, policies: str) -> None:
        file = folder / "gateway.toml"
        file.write_text(policies)
        self.policies = PolicyBook(file, folder / "kept.json")
        self.clock = clock = asyncio.get_running_loop().time
        settings = Settings("http://m", var_dir=folder, trust_forwarded=True)
        declared: Declaration = self.policies.declared.resilience
        self.cache = Cache(1 << 20, 10)
        parts = Parts.of(KeySet(_no_keys, folder / "jwks.json"), Terms(None, clock), self.cache, Memory(1))
        self.policies.open(lambda read: compiled(read, parts))
        self.desk = Desk(
            settings, RouteBook(list(PLANS.values())), Upstreams(settings, {"users": "http://u1"}, declared),
            Positions(settings, None), Metrics(), Guards(declared, clock), Callers(""),
        )  # fmt: skip
        self.desk.metrics.gauges += gauges(self.desk, self.policies, self.cache, lambda: 1)

    def told(self, name: str) -> dict[str, float]:
        """The numbers of one name, by labels."""
        (family,) = (one for one in self.desk.metrics.families() if one.name == f"banyan_facade_{name}")
        return {written: value for (_, written), value in family.samples.items()}


async def _no_keys() -> bytes:
    raise AssertionError("nobody is asked")
