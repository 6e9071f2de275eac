"""The comparison behind the answer: what it finds, what it learns to ignore, and that it costs nothing."""

import itertools
import time

import orjson
import pytest

from chassis.callers.tokens import Verifier
from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import Hang, Received, ScriptedUpstream, json_answer

PATH = "/api/v1/users/me"
USER = {"id": "x", "display_name": "Ann", "addresses": [{"city": "Bonn"}]}


@pytest.fixture
def shadowed(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey) -> Entrance:
    """Every read is compared; both sides answer the same."""
    own_valkey.ask("FLUSHALL")
    monolith.script = service.script = lambda request: json_answer(USER)
    until(lambda: 'positions_trusted{worker="0"} 1' in entrance.metrics())
    entrance.route("shadow", epoch=1, shadow=100, services=[service])
    return entrance


def counts(valkey: TestValkey) -> dict[str, int]:
    parts = valkey.ask("HGETALL", "banyan:shadow:users").decode().split()
    return {name: int(count) for name, count in zip(parts[::2], parts[1::2], strict=True)}


def test_equal_answers_match(shadowed: Entrance, service: ScriptedUpstream, own_valkey: TestValkey) -> None:
    """Reads that both sides answer alike are counted as matched; the candidate is asked as a replica."""
    for _ in range(5):
        assert shadowed.ask("GET", PATH).json() == USER
    until(lambda: counts(own_valkey).get("compared") == 5)
    assert counts(own_valkey) == {"compared": 5, "matched": 5}
    assert {r.header("banyan-read") for r in service.received} == {"replica"}
    verifier = Verifier("secret", "users")
    assert {verifier.verify(r.header("banyan-caller") or "").issuer for r in service.received} == {"facade"}


def test_differences_are_found_and_told(shadowed: Entrance, service: ScriptedUpstream, own_valkey: TestValkey) -> None:
    """A difference that stays is counted, with the place where it is."""
    service.script = lambda request: json_answer({**USER, "display_name": "Bea", "addresses": [{"city": "Köln"}]})
    assert shadowed.ask("GET", f"{PATH}?a=1").json() == USER
    until(lambda: counts(own_valkey).get("mismatched") == 1)
    sample = orjson.loads(own_valkey.ask("LINDEX", "banyan:shadow:users:samples", "0"))
    assert sample["path"] == PATH
    assert {d["pointer"] for d in sample["differences"]} == {"/display_name", "/addresses/*/city"}


def test_lag_is_no_difference(shadowed: Entrance, service: ScriptedUpstream, own_valkey: TestValkey) -> None:
    """What is equal when both are asked again was only late."""
    seen: list[Received] = []

    def late(request: Received) -> bytes:
        seen.append(request)
        return json_answer(USER if len(seen) > 1 else {**USER, "display_name": "before"})

    service.script = late
    shadowed.ask("GET", PATH)
    until(lambda: counts(own_valkey).get("compared") == 1)
    assert counts(own_valkey).get("mismatched") is None


def test_fields_that_differ_by_themselves_are_learnt(
    shadowed: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """A field in which the old side differs from itself is noise, and hides no other difference."""
    ticks = itertools.count()
    monolith.script = lambda request: json_answer({**USER, "served_at": next(ticks)})
    service.script = lambda request: json_answer({**USER, "served_at": -1})
    for _ in range(6):
        shadowed.ask("GET", "/api/v1/users/noisy")
        time.sleep(0.3)
    until(lambda: counts(own_valkey).get("compared") == 6)
    assert counts(own_valkey)["matched"] == 6
    assert counts(own_valkey)["noise"] >= 1
    service.script = lambda request: json_answer({**USER, "served_at": -1, "display_name": "Bea"})
    shadowed.ask("GET", "/api/v1/users/noisy")
    until(lambda: counts(own_valkey).get("mismatched") == 1)


def test_failing_candidate_is_counted_and_felt_by_nobody(
    shadowed: Entrance, service: ScriptedUpstream, own_valkey: TestValkey
) -> None:
    """A candidate that is slow or dead touches no answer."""

    def hang(request: Received) -> bytes:
        raise Hang

    service.script = hang
    started = time.monotonic()
    for _ in range(20):
        assert shadowed.ask("GET", PATH).json() == USER
    assert time.monotonic() - started < 2
    until(lambda: len(service.received) == 4)  # as many as are compared at once; each fails when the candidate goes down
    service.script = lambda request: json_answer({}, "500 Internal Server Error")
    service.stop()
    service.start()
    until(lambda: counts(own_valkey).get("failed", 0) >= 4)


def test_writes_are_not_compared(shadowed: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """Nothing but a read is ever asked twice."""
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        shadowed.ask(method, PATH, b"{}")
    shadowed.ask("GET", PATH)
    until(lambda: service.received)
    assert {r.method for r in service.received} == {"GET"}
    assert len([r for r in monolith.received if r.method != "GET"]) == 4
