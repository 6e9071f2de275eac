"""When instances are checked."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from facade.health import Schedule
from facade.resilience.declared import Declaration, Health, Resilience
from facade.settings import Settings
from facade.upstreams import Address, Upstreams, Watched

INTERVAL = 2.0
CHECKED = Declaration(default=Resilience(health=Health(interval=INTERVAL)))


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    """One monolith, and two users services of which one drains."""
    with asyncio.Runner() as runner:

        async def make() -> Upstreams:
            made = Upstreams(Settings("http://m"), {"users": "http://u1"}, CHECKED)
            made.discovered({"users": (Address("http://u1"), Address("http://u2", draining=True))})
            return made

        made = runner.run(make())
        yield made
        runner.run(made.close())


def times(watched: list[Watched], schedule: Schedule, until: float, step: float = 0.01) -> list[float]:
    """When the first of these instances is checked, each check taking a tenth of a second."""
    found: list[float] = []
    now = 0.0
    while now < until:
        for one in schedule.due(watched, now):
            if one is watched[0]:
                found.append(now)
            schedule.done(one, now + 0.1)
        now += step
    return found


def test_what_drains_is_not_checked_nor_where_it_is_not_declared(upstreams: Upstreams) -> None:
    """The others are, each at its own address."""
    assert {(one.context, one.pool.url) for one in upstreams.watched()} == {("monolith", "http://m"), ("users", "http://u1")}
    upstreams.declare(Declaration(contexts=CHECKED.contexts | {"users": CHECKED.default}))
    assert {one.context for one in upstreams.watched()} == {"users"}


def test_an_instance_is_checked_about_once_an_interval(upstreams: Upstreams) -> None:
    """At first within one interval, then never early or late by more than a quarter."""
    checked = times(upstreams.watched(), Schedule(random.Random(1).random), 100 * INTERVAL)
    assert checked[0] < INTERVAL
    pauses = [later - earlier - 0.1 for earlier, later in pairwise(checked)]
    assert len(pauses) > 80
    assert all(0.74 * INTERVAL < pause < 1.27 * INTERVAL for pause in pauses)


def test_a_check_under_way_is_not_begun_again(upstreams: Upstreams) -> None:
    """An instance that hangs has one check at a time to answer; one that is gone is forgotten, and new when it comes back."""
    schedule = Schedule(lambda: 0.0)
    watched = upstreams.watched()
    assert schedule.due(watched, 0.0) == watched
    assert schedule.due(watched, 1000.0) == []
    assert schedule.due(watched[1:], 1000.0) == []
    assert schedule.due(watched, 1000.0) == watched[:1]


def test_facades_that_start_together_do_not_ask_in_step(upstreams: Upstreams) -> None:
    """Neither at first nor later does a tenth of an interval see more than twice its share of the checks of 400 facades."""
    watched = upstreams.watched()
    for begin in (0.0, 10 * INTERVAL):
        begun = Counter[int]()
        for facade in range(400):
            checked = times(watched, Schedule(random.Random(facade).random), begin + INTERVAL, step=0.05)
            begun.update(int((at - begin) / INTERVAL * 10) for at in checked if at >= begin)
        assert max(begun.values()) < 2 * sum(begun.values()) / 10
