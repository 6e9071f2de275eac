"""Who answers, phase by phase: cohorts, read your writes, fallback."""

import base64
import json
import re
import time

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import Drop, Hang, Received, Script, ScriptedUpstream, answer, json_answer

ME = "/api/v1/users/me"


def token(subject: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": subject}).encode()).decode().rstrip("=")
    return f"Bearer e30.{claims}.c2ln"


def named(name: str) -> Script:
    return lambda request: answer(name.encode())


@pytest.fixture
def sides(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey) -> Entrance:
    """Each side answers with its name; Valkey is empty and trusted."""
    monolith.script, service.script = named("monolith"), named("service")
    own_valkey.ask("FLUSHALL")
    until(lambda: 'positions_trusted{worker="0"} 1' in entrance.metrics())
    return entrance


def asked(entrance: Entrance, method: str = "GET", who: str = "ann", path: str = ME) -> str:
    return entrance.ask(method, path, b"{}" if method in ("POST", "PATCH") else None, Authorization=token(who)).body.decode()


@pytest.mark.parametrize(
    ("phase", "reads", "writes"),
    [
        ("monolith", "monolith", "monolith"),
        ("dual_write", "monolith", "monolith"),
        ("shadow", "monolith", "monolith"),
        ("canary", "service", "monolith"),
        ("service", "service", "service"),
        ("extracted", "service", "service"),
    ],
)
def test_each_phase_routes_as_the_table_says(
    sides: Entrance, service: ScriptedUpstream, phase: str, reads: str, writes: str
) -> None:
    """Reads and writes go where the phase says; nobody but a canary asks a replica."""
    sides.route(phase, epoch=1, read=100, services=[service])
    assert (asked(sides), asked(sides, "HEAD"), asked(sides, "POST")) == (reads, "", writes)
    marks = {r.header("banyan-read") for r in service.received if r.method == "GET"}
    assert marks == {"canary": {"replica"}, "service": {None}, "extracted": {None}}.get(phase, set())


def test_percentage_splits_users_and_keeps_them(sides: Entrance, service: ScriptedUpstream) -> None:
    """About half of the users at 50 %, the same ones each time, and all of them still there at 80 %."""
    users = [f"user-{number}" for number in range(60)]
    sides.route("canary", read=50, services=[service])
    half = {who for who in users if asked(sides, who=who) == "service"}
    assert 15 < len(half) < 45
    assert half == {who for who in users if asked(sides, who=who) == "service"}
    sides.route("canary", read=80, services=[service])
    assert half <= {who for who in users if asked(sides, who=who) == "service"}
    sides.route("canary", read=0, services=[service])
    assert {asked(sides, who=who) for who in users} == {"monolith"}


def test_anonymous_client_gets_a_cookie_and_keeps_its_cohort(sides: Entrance, service: ScriptedUpstream) -> None:
    """A browser without a token is told apart by a cookie, given where a cohort is needed and only then."""
    assert sides.ask("GET", "/api/v1/users/x").header("set-cookie") is None
    sides.route("canary", read=50, services=[service])
    reply = sides.ask("GET", "/api/v1/users/x")
    cookie = reply.header("set-cookie") or ""
    found = re.fullmatch(r"(banyan_anon=[0-9a-f]{32}); Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", cookie)
    assert found, cookie
    for _ in range(5):
        again = sides.ask("GET", "/api/v1/users/x", Cookie=f"a=b; {found.group(1)}")
        assert (again.body, again.header("set-cookie")) == (reply.body, None)
    assert sides.ask("GET", "/elsewhere").header("set-cookie") is None


def test_no_cache_may_give_one_clients_cookie_to_another(sides: Entrance, service: ScriptedUpstream) -> None:
    """The answer that brings it is for that client alone, whatever the upstream says; without it, the upstream's word stands."""
    service.script = lambda request: answer(b"service", Cache_Control="public, max-age=60")
    sides.route("canary", read=100, services=[service])
    reply = sides.ask("GET", "/api/v1/users/x")
    cookie = (reply.header("set-cookie") or "").partition(";")[0]
    assert cookie.startswith("banyan_anon=")
    assert [value for name, value in reply.headers if name.lower() == "cache-control"] == ["public, max-age=60", "private"]
    again = sides.ask("GET", "/api/v1/users/x", Cookie=cookie)
    assert [value for name, value in again.headers if name.lower() == "cache-control"] == ["public, max-age=60"]


def test_own_write_is_read_from_the_authority_until_it_has_arrived(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """Read your writes: after a write the replica is asked again only once its horizon has passed that write."""
    marks = {"Banyan_Position": "users=4:1000"}
    monolith.script = lambda request: answer(b"monolith", **({} if request.method == "GET" else marks))
    sides.route("canary", epoch=4, read=100, services=[service])
    assert asked(sides, who="eve") == "service"
    asked(sides, "PATCH", who="eve")
    assert own_valkey.ask("GET", "banyan:ryw:users:eve") == b"4:1000"
    for horizon, answered_by in (("4:999", "monolith"), ("3:5000", "monolith"), ("4:1000", "service"), ("4:2000", "service")):
        own_valkey.ask("SET", "banyan:horizon:users", horizon)
        assert asked(sides, who="eve") == answered_by, horizon
    assert asked(sides, who="somebody-else") == "service"


def test_write_seen_by_another_facade_counts(sides: Entrance, service: ScriptedUpstream, own_valkey: TestValkey) -> None:
    """A position that another facade wrote down holds back this one's reads too; a later one is never overwritten."""
    sides.route("canary", epoch=4, read=100, services=[service])
    own_valkey.ask("SET", "banyan:ryw:users:fay", "4:900")
    own_valkey.ask("SET", "banyan:horizon:users", "4:800")
    assert asked(sides, who="fay") == "monolith"


def test_earlier_position_never_replaces_a_later_one(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """Two answers may be written down in either order; what is kept is the later write."""
    sides.route("canary", epoch=4, read=100, services=[service])
    positions = iter(("4:70", "4:60", "5:1", "4:80"))
    monolith.script = lambda request: answer(Banyan_Position=f"users={next(positions)}")
    for _ in range(4):
        asked(sides, "PATCH", who="gus")
    assert own_valkey.ask("GET", "banyan:ryw:users:gus") == b"5:1"


def test_position_belongs_to_whom_the_upstream_names(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """A registration's write is the new user's, though the request was nobody's; both headers stay inside."""
    monolith.script = lambda request: answer(Banyan_Position="users=1:7", Banyan_Subject="new-user")
    sides.route("dual_write", epoch=1, services=[service])
    reply = sides.ask("POST", "/api/v1/users/register", b"{}")
    assert own_valkey.ask("GET", "banyan:ryw:users:new-user") == b"1:7"
    assert not [name for name, _ in reply.headers if name.lower().startswith(("banyan", "set-cookie"))]


def test_anonymous_write_is_remembered_by_its_cookie(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """A write without token or name is the browser's."""
    monolith.script = lambda request: answer(Banyan_Position="users=1:7")
    sides.route("dual_write", epoch=1, services=[service])
    cookie = (sides.ask("POST", "/api/v1/users/x", b"{}").header("set-cookie") or "").partition(";")[0]
    assert own_valkey.ask("GET", f"banyan:ryw:users:{cookie.partition('=')[2]}") == b"1:7"


def test_write_through_another_path_is_remembered(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """An order that saves an address writes to users, and its customer reads that write."""
    monolith.script = lambda request: answer(Banyan_Position="users=1:9")
    asked(sides, "POST", who="hal", path="/api/v1/orders")
    assert own_valkey.ask("GET", "banyan:ryw:users:hal") == b"1:9"


def fail_500(request: Received) -> bytes:
    return answer(b"broken", "500 Internal Server Error")


def fail_drop(request: Received) -> bytes:
    raise Drop


def fail_hang(request: Received) -> bytes:
    raise Hang


@pytest.mark.parametrize("failure", [fail_500, fail_drop, fail_hang])
def test_failed_replica_read_is_answered_by_the_authority(sides: Entrance, service: ScriptedUpstream, failure: Script) -> None:
    """A candidate that fails costs its canaries nothing, and is counted."""
    sides.route("canary", read=100, services=[service])
    service.script = failure
    before = sides.event("fallback")
    reply = sides.ask("GET", ME, Authorization=token("ann"))
    assert (reply.status, reply.body) == (200, b"monolith")
    assert sides.event("fallback") == before + 1
    assert len(service.received) == 1


def test_candidate_that_is_down_costs_canaries_nothing(sides: Entrance, service: ScriptedUpstream) -> None:
    """Nothing listens at the service: the authority answers at once."""
    sides.route("canary", read=100, services=[service])
    service.stop()
    try:
        started = time.monotonic()
        assert asked(sides) == "monolith"
        assert time.monotonic() - started < 0.5
    finally:
        service.start()


@pytest.mark.parametrize("failure", [fail_500, fail_drop, fail_hang])
def test_mirrored_monolith_answers_reads_for_a_failed_service(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, failure: Script
) -> None:
    """After the cut-over the monolith, still mirrored, stands in for reads, marked as a replica; not for writes."""
    sides.route("service", epoch=5, services=[service])
    service.script = failure
    assert asked(sides) == "monolith"
    assert [r.header("banyan-read") for r in monolith.received] == ["replica"]
    assert sides.ask("POST", ME, b"{}").status in (500, 502, 504)
    assert len(monolith.received) == 1


def test_monolith_does_not_stand_in_with_old_data(
    sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """Who wrote something that the mirror has not got gets an error rather than the past."""
    sides.route("service", epoch=5, services=[service])
    own_valkey.ask("SET", "banyan:ryw:users:ann", "5:900")
    own_valkey.ask("SET", "banyan:horizon:users", "5:899")
    service.script = fail_drop
    assert sides.ask("GET", ME, Authorization=token("ann")).status == 502
    assert monolith.received == []
    own_valkey.ask("SET", "banyan:horizon:users", "5:900")
    assert asked(sides) == "monolith"


def test_extracted_context_has_no_stand_in(sides: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """Past the one-way door the monolith is never asked, whatever fails."""
    sides.route("extracted", epoch=6, services=[service])
    service.script = fail_500
    assert sides.ask("GET", ME).status == 500
    assert monolith.received == []


def test_instances_take_turns(sides: Entrance, service: ScriptedUpstream) -> None:
    """Several addresses of a service share its requests, and one that is down is passed over."""
    second = ScriptedUpstream(named("second")).start()
    sides.route("service", epoch=5, services=[service, second])
    assert {asked(sides) for _ in range(6)} == {"service", "second"}
    second.stop()
    assert {posted(sides) for _ in range(6)} == {"service"}


def posted(entrance: Entrance) -> str:
    return asked(entrance, "POST")


def test_json_of_upstreams_is_not_touched(sides: Entrance, monolith: ScriptedUpstream) -> None:
    """Bodies pass byte by byte."""
    monolith.script = lambda request: json_answer({"b": 1, "a": [1.0, "é"]})
    assert sides.ask("GET", ME).body == b'{"b": 1, "a": [1.0, "\\u00e9"]}'
