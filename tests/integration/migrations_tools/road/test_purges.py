"""What facades keep of the other side's answers is history when the relay has brought something there."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chassis import tags
from migrations_tools.control import valkeys
from migrations_tools.plans.users import PLAN
from migrations_tools.relay import surroundings
from migrations_tools.relay.sides import Sides
from monolith.users.models import User
from tests.integration.migrations_tools.road.operate import done

pytestmark = pytest.mark.django_db(databases=["default", "control"], transaction=True)


def messages(listener: Any, seconds: float) -> list[list[str]]:
    """The tags that were heard until it was silent for so long."""
    found = []
    while (message := listener.get_message(timeout=seconds)) is not None:
        found.append(json.loads(message["data"])["tags"])
    return found


@pytest.mark.parametrize("cached", [True, False])
def test_what_was_applied_is_told_where_the_plan_says_that_it_is_kept(
    both: Sides, relay: object, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    """With the tags of just these aggregates; of contexts of which nothing is kept nobody is told."""
    aggregates = tuple(replace(one, cached=cached) for one in PLAN.aggregates)
    monkeypatch.setattr(surroundings, "PLANS", {"users": replace(PLAN, aggregates=aggregates)})
    done("context", "begin", "users")
    with valkeys.connected() as client, client.pubsub() as listener:
        listener.subscribe(tags.CHANNEL)
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        user = User.objects.create(email="ada@example.org")
        if cached:
            assert json.loads(listener.get_message(timeout=10)["data"])["tags"] == ["users:user", f"users:user:{user.pk}"]
        done("context", "backfill", "users")
        done("context", "verify", "users")
        assert bool(messages(listener, 0.5)) is cached
