"""What is looked up for the metrics: the state of each part, under labels that no caller chose."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from facade.access import AccessLog
from facade.admin import status
from facade.admission.priority import Priority
from facade.problems import Problem
from facade.resilience.guard import Refused
from facade.tracing.sampling import Allowance
from facade.tracing.tracer import Tracer
from facade.upstreams import Address
from migrations_tools.phases import Owner
from tests.unit.facade.responses.asked import asked
from tests.unit.facade.worker import Worker

GATEWAY = Path(__file__).parents[3] / "docs" / "gateway.md"
POLICIES = """
[entrance]
limits = ["9/1h per ip"]
[[routes]]
path = "/a"
methods = ["GET", "POST"]
limits = ["1/1h per ip"]
[resilience.default]
breaker = { minimum = 1 }
bulkhead = { most = 1, waiting = 0 }
retries = { share = 0, per_second = 0 }
"""


def in_worker(folder: Path, act: Callable[[Worker], None]) -> None:
    async def run() -> None:
        act(Worker(folder, POLICIES))

    asyncio.run(run())


def test_a_breaker_tells_its_state_and_how_it_came_there(tmp_path: Path) -> None:
    """By context and side: one of three states, and how often each was entered."""

    def act(worker: Worker) -> None:
        breaker = worker.desk.guards.of(Owner.SERVICE, "users").breaker
        whose = 'context="users",side="service",state='
        assert worker.told("breaker") == {f'{whose}"closed"': 1, f'{whose}"half-open"': 0, f'{whose}"open"': 0}
        breaker.record(False, breaker.allow())
        assert worker.told("breaker") == {f'{whose}"closed"': 0, f'{whose}"half-open"': 0, f'{whose}"open"': 1}
        assert worker.told("breaker_transitions_total")[f'{whose}"open"'] == 1
        assert worker.told("breakers_open") == {"": 1}

    in_worker(tmp_path, act)


def test_what_a_guard_refused_is_counted(tmp_path: Path) -> None:
    """For want of room, by priority, and for want of a repetition."""

    async def act() -> None:
        worker = Worker(tmp_path, POLICIES)
        guard = worker.desk.guards.of(Owner.MONOLITH, "-")
        whose = 'context="-",side="monolith"'
        guard.admit(Priority.NORMAL, worker.clock() + 1)
        with pytest.raises(Refused, match="nothing was executed"):
            guard.admit(Priority.BACKGROUND, worker.clock() + 1)
        assert not guard.budget.spend()
        assert worker.told("concurrency") == worker.told("concurrency_limit") == {whose: 1}
        assert worker.told("waiting") == {whose: 0}
        shed = {f'{whose},priority="{word}"': count for word, count in (("critical", 0), ("normal", 0), ("background", 1))}
        assert worker.told("shed_total") == shed
        assert worker.told("delayed_total") == dict.fromkeys(shed, 0)
        assert worker.told("retry_budget_refused_total") == {whose: 1}

    asyncio.run(act())


def test_limits_are_counted_by_route_never_by_caller(tmp_path: Path) -> None:
    """The route's path, its methods, and the limit's own name."""

    def act(worker: Worker) -> None:
        policy = worker.policies.table.match("GET", "/a")
        stage = next(stage for stage in policy.stages if stage.name == "rate-limit")
        request: Any = asked("GET", b"/a?secret")
        request.address = b"203.0.113.7"
        stage.before(request)
        with pytest.raises(Problem):
            stage.before(request)
        limit = 'route="/a",methods="GET POST",limit="ip-1h"'
        assert worker.told("limit_refused_total")[limit] == 1
        assert worker.told("limit_alone_total")[limit] == 2, "one for each request"
        assert worker.told("limit_asked_total")[limit] == 0
        told = str(worker.desk.metrics.families())
        assert "203.0.113.7" not in told
        assert "secret" not in told

    in_worker(tmp_path, act)


def test_a_limit_of_the_entrance_is_told_once(tmp_path: Path) -> None:
    """All routes share it, so it is no route's."""

    def act(worker: Worker) -> None:
        for path in ("/a", "/b"):
            stages: Any = worker.policies.table.match("GET", path).stages
            request: Any = asked("GET", path.encode())
            request.address = b"203.0.113.7"
            next(stage for stage in stages if stage.name == "entrance-limit").before(request)
        told = worker.told("limit_alone_total")
        assert told['route="all",methods="all",limit="entrance-ip-1h"'] == 2
        assert [labels for labels in told if "entrance-" in labels] == ['route="all",methods="all",limit="entrance-ip-1h"']

    in_worker(tmp_path, act)


def test_instances_are_counted_by_state(tmp_path: Path) -> None:
    """Their addresses are no labels: those come and go."""

    def act(worker: Worker) -> None:
        worker.desk.upstreams.discovered({"users": [Address("http://u1"), Address("http://u2", draining=True)]})
        told = worker.told("instances")
        assert told['context="users",state="serving"'] == told['context="users",state="draining"'] == 1
        assert told['context="monolith",state="serving"'] == 1
        assert told['context="users",state="ejected"'] == 0

    in_worker(tmp_path, act)


def test_the_cache_tells_what_it_did(tmp_path: Path) -> None:
    """By what it was, of a fixed set."""

    def act(worker: Worker) -> None:
        worker.cache.counts["hit"] += 2
        assert worker.told("cache_total") == {'what="hit"': 2}
        assert worker.told("cache_bytes") == {"": 0}

    in_worker(tmp_path, act)


def test_every_metric_is_documented(tmp_path: Path) -> None:
    """Each name is a row of docs/gateway.md, and no other is."""
    documented = set(re.findall(r"^\| `(banyan_facade_\w+)` \|", GATEWAY.read_text(), flags=re.MULTILINE))

    def act(worker: Worker) -> None:
        queue: Any = SimpleNamespace(exported=0, failed=0, dropped=0)
        tracer = Tracer(queue, worker.desk.book, 0.0, Allowance(0, time.monotonic))
        worker.desk.metrics.gauges += [*AccessLog("stderr").gauges(), *tracer.gauges()]
        families = [*worker.desk.metrics.families(), *status.of_itself(1, {})]
        assert {family.name for family in families} == documented

    in_worker(tmp_path, act)
