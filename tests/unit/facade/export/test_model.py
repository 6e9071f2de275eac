"""The rules of every export follow from the table and the policies as the facade's own decisions do."""

from pathlib import Path

import pytest

from facade.export.model import NotExportable, Rule, rules, upstreams
from facade.pipeline.declared import declare
from facade.routes import ContextState, Feed, RouteTable, compile_table
from facade.settings import Settings
from migrations_tools.phases import Phase
from migrations_tools.plans import PLANS

SETTINGS = Settings(monolith_url="http://127.0.0.1:8000", users_url="http://users.shop.svc:8001", var_dir=Path("nowhere"))


def table(phase: Phase, read_percent: float = 0, services: tuple[str, ...] = ()) -> RouteTable:
    state = ContextState(phase=phase, epoch=1, read_percent=read_percent, services=services)
    return compile_table(PLANS.values(), Feed(1, {"users": state}), {})


def shares(rule: Rule) -> dict[str, int]:
    return {share.upstream.name: share.weight for share in rule.shares}


def test_a_canary_shares_reads_and_nothing_else() -> None:
    """Reads are split by percent, and marked at the side without authority; other methods go to the authority."""
    reads, others, rest = rules(table(Phase.CANARY, 12.5), declare({}), SETTINGS)
    assert (reads.path, reads.methods) == ("/api/v1/users", ("GET", "HEAD"))
    assert shares(reads) == {"users-monolith": 8750, "users-service": 1250}
    assert [share.replica for share in reads.shares] == [False, True]
    assert (others.methods, shares(others)) == ((), {"users-monolith": 10_000})
    assert (rest.path, rest.methods, shares(rest)) == ("/", (), {"monolith": 10_000})


@pytest.mark.parametrize("phase", list(Phase))
def test_without_a_percentage_the_authority_answers_all(phase: Phase) -> None:
    """Each phase sends its context to one side, which is the one with authority."""
    first, _ = rules(table(phase), declare({}), SETTINGS)
    side = "service" if phase in (Phase.SERVICE, Phase.EXTRACTED) else "monolith"
    assert shares(first) == {f"users-{side}": 10_000}


def test_policies_by_method_become_rules_by_method() -> None:
    """The rule that names methods comes before the one for all others of its path, and longer paths before shorter ones."""
    declared = declare({"routes": [{"path": "/a", "methods": ["POST"]}, {"path": "/a/b"}, {"path": "/a", "max_body": 1}]})
    found = rules(RouteTable.of(0, ()), declared, SETTINGS)
    assert [(rule.path, rule.methods) for rule in found] == [("/a/b", ()), ("/a", ("POST",)), ("/a", ()), ("/", ())]
    assert found[2].policy.max_body == 1


def test_a_service_that_answers_needs_an_address() -> None:
    """No cluster without addresses is exported, which would be an outage in the other gateway."""
    with pytest.raises(NotExportable, match="service of users"):
        rules(table(Phase.SERVICE), declare({}), Settings(monolith_url="http://127.0.0.1:8000"))
    with pytest.raises(NotExportable, match="no address"):
        rules(table(Phase.SERVICE, services=("ftp://x",)), declare({}), SETTINGS)


def test_instances_have_the_numbers_of_their_owner() -> None:
    """What holds for requests is the context's on either side; the monolith's instances are checked as the monolith's."""
    health = {"monolith": {"health": {"path": "/m"}}, "users": {"health": {"path": "/u"}, "timeouts": {"connect": 3}}}
    found = upstreams(rules(table(Phase.CANARY, 50), declare({"resilience": health}), SETTINGS))
    told = {one.name: (one.resilience.timeouts.connect, one.instances.health and one.instances.health.path) for one in found}
    assert told == {"monolith": (1.0, "/m"), "users-monolith": (3, "/m"), "users-service": (3, "/u")}


def test_addresses_of_the_feed_come_before_the_settings() -> None:
    """A service is where the feed says, each instance once, names apart from numbers."""
    found = rules(table(Phase.SERVICE, services=("http://10.0.0.1:81", "dns://users:82")), declare({}), SETTINGS)
    service = next(one for one in upstreams(found) if one.name == "users-service")
    assert [(a.host, a.port, a.by_name) for a in service.addresses] == [("10.0.0.1", 81, False), ("users", 82, True)]
