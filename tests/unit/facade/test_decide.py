"""Decisions: who answers, and what may be tried after a failure."""

import ast
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

import facade.decide
from facade.decide import Decision, Facts, Freshness, Outcome, Step, adds_load, decide, next_step
from facade.routes import ContextState, Feed, Lesson, Route, compile_table
from migrations_tools.phases import Owner, Phase, policy
from migrations_tools.plans import PLANS


def route(phase: Phase, *, read: float = 50, lesson: Lesson | None = None) -> Route:
    feed = Feed(1, {"users": ContextState(phase, epoch=3, read_percent=read)})
    table = compile_table(PLANS.values(), feed, {"users": lesson} if lesson else {})
    found = table.match("/api/v1/users/me")
    assert found is not None
    return found


def test_unknown_path_is_the_monoliths() -> None:
    """No route, no question."""
    assert decide(None, "POST", 0, Freshness.UNKNOWN) == Decision(Owner.MONOLITH)


@pytest.mark.parametrize(("phase", "method", "freshness"), list(product(Phase, ["POST", "PUT", "PATCH", "DELETE"], Freshness)))
def test_write_always_goes_to_the_authority(phase: Phase, method: str, freshness: Freshness) -> None:
    """Whatever the percentages say, a write is never sent to a replica."""
    assert decide(route(phase, read=100), method, 0, freshness) == Decision(policy(phase).authority)


@pytest.mark.parametrize(("bucket", "freshness"), list(product([0, 4_999, 5_000, 9_999], Freshness)))
def test_canary_read_needs_the_cohort_and_the_write(bucket: int, freshness: Freshness) -> None:
    """Below the percentage and caught up: the service, as a replica. Everything else: the monolith."""
    expected = Decision(Owner.MONOLITH)
    if bucket < 5_000 and freshness is Freshness.CAUGHT_UP:
        expected = Decision(Owner.SERVICE, replica=True)
    assert decide(route(Phase.CANARY), "GET", bucket, freshness) == expected


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.CANARY])
def test_percentages_mean_nothing_outside_the_canary(phase: Phase) -> None:
    """A read percentage that is left over moves nobody."""
    assert decide(route(phase, read=100), "GET", 0, Freshness.CAUGHT_UP) == Decision(policy(phase).authority)


def test_lesson_sends_everything_to_the_owner() -> None:
    """Once a 421 has shown that the feed is behind, only the owner is asked, also for canary reads."""
    learnt = route(Phase.CANARY, read=100, lesson=Lesson(4, Owner.SERVICE))
    assert decide(learnt, "GET", 0, Freshness.CAUGHT_UP) == Decision(Owner.SERVICE)
    assert (learnt.mirrored, learnt.fallback, learnt.shadow_percent) == (True, False, 0)
    stale = route(Phase.CANARY, read=100, lesson=Lesson(3, Owner.SERVICE))
    assert stale.authority is Owner.MONOLITH


_FACTS = [
    Facts(*values[:6], failed, worked, *values[6:])  # type: ignore[misc]
    for values in product([False, True], repeat=8)
    for failed, worked in ((1, 0), (1, 1), (2, 1), (3, 3))
    if values[0] or not values[6]  # only a replica returns to the authority
]
ONE = Facts(
    replica=False, repeatable=True, harmless=True, fallback=False, in_time=True, another=True, failed=1, worked=1
)  # fmt: skip
"""A harmless request whose first attempt failed, at one of several instances."""
_SAYS_NOTHING_WAS_DONE = {Outcome.MISDIRECTED, Outcome.UNREACHABLE, Outcome.REFUSED}


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - _SAYS_NOTHING_WAS_DONE - {Outcome.ANSWERED}, key=lambda one: one.name))
def test_trap_13_what_may_have_been_executed_is_not_repeated(outcome: Outcome) -> None:
    """A write that is not harmless to repeat ends here, whatever else is true."""
    for facts in _FACTS:
        if not (facts.harmless or facts.replica or facts.fallback):
            assert next_step(outcome, facts) in (Step.GIVE_UP, Step.ANSWER)


def test_nothing_is_repeated_without_its_body_or_after_the_deadline() -> None:
    """A repetition needs the whole body and time."""
    for outcome, facts in product(Outcome, _FACTS):
        if not (facts.repeatable and facts.in_time):
            assert next_step(outcome, facts) not in (Step.REPEAT, Step.REDIRECT)


def test_replica_that_fails_is_replaced_at_once() -> None:
    """However a replica read fails, the authority answers."""
    for outcome, facts in product(Outcome, _FACTS):
        if facts.replica and not facts.returns and outcome is not Outcome.ANSWERED:
            assert next_step(outcome, facts) is Step.FALL_BACK


def test_authority_is_not_replaced_when_it_only_lost_authority() -> None:
    """A 421 is answered by asking the owner, not by reading old data."""
    for facts in _FACTS:
        if not facts.replica:
            assert next_step(Outcome.MISDIRECTED, facts) is not Step.FALL_BACK


def test_connection_that_closes_is_tried_a_few_times_only() -> None:
    """A request that kills its upstream must not kill every instance."""
    for facts in (ONE, replace(ONE, another=False)):
        assert next_step(Outcome.CLOSED, facts) is Step.REPEAT
        assert next_step(Outcome.CLOSED, replace(facts, worked=facade.decide.MAX_WORKED)) is Step.GIVE_UP


def test_an_instance_in_trouble_is_left_for_another_one() -> None:
    """A harmless request is sent to another instance where there is one, and time, and the budget allows it; otherwise the client
    gets the answer that came, as it gets any other failure of the upstream.
    """
    assert next_step(Outcome.UNAVAILABLE, ONE) is Step.REPEAT
    missing: list[dict[str, object]] = [
        {"another": False}, {"harmless": False}, {"repeatable": False}, {"in_time": False}, {"affordable": False},
        {"worked": facade.decide.MAX_WORKED},
    ]  # fmt: skip
    for lack in missing:
        assert next_step(Outcome.UNAVAILABLE, replace(ONE, **lack)) is Step.ANSWER  # type: ignore[arg-type]
    for facts in _FACTS:
        if not (facts.replica or facts.fallback):
            assert next_step(Outcome.SERVER_ERROR, facts) is Step.ANSWER


@pytest.mark.parametrize("outcome", [Outcome.UNREACHABLE, Outcome.CLOSED, Outcome.UNAVAILABLE])
def test_the_mirror_is_asked_when_one_other_instance_has_failed_too(outcome: Outcome) -> None:
    """One instance of several is not the side; and a client does not wait for all of them."""
    facts = replace(ONE, fallback=True)
    assert next_step(outcome, facts) is Step.REPEAT
    assert next_step(outcome, replace(facts, failed=2)) is Step.FALL_BACK
    assert next_step(outcome, replace(facts, another=False)) is Step.FALL_BACK
    assert next_step(Outcome.TIMED_OUT, facts) is Step.FALL_BACK


def test_the_budget_is_asked_for_what_makes_a_side_work_again() -> None:
    """Whatever it refuses is not done; what cannot have been worked on is none of its business."""
    asked = set()
    for outcome, facts in product(Outcome, _FACTS):
        step = next_step(outcome, replace(facts, affordable=True))
        if adds_load(step, outcome, facts):
            asked.add((outcome, step))
            assert next_step(outcome, replace(facts, affordable=False)) is not step
        elif step is Step.REPEAT:
            assert outcome in _SAYS_NOTHING_WAS_DONE
    assert {outcome for outcome, step in asked if step is Step.REPEAT} == {Outcome.CLOSED, Outcome.UNAVAILABLE}
    assert {step for _, step in asked} == {Step.REPEAT, Step.FALL_BACK}


def test_the_authority_is_asked_once_more_after_its_mirror_only_in_time() -> None:
    """When both sides have failed, there is an end."""
    facts = replace(ONE, replica=True, returns=True)
    assert next_step(Outcome.TIMED_OUT, facts) is Step.FALL_BACK
    assert next_step(Outcome.TIMED_OUT, replace(facts, in_time=False)) is Step.GIVE_UP
    assert next_step(Outcome.SERVER_ERROR, replace(facts, affordable=False)) is Step.ANSWER


def test_decide_does_nothing_but_decide() -> None:
    """No clock, no I/O: it imports nothing but words and tables."""
    tree = ast.parse(Path(facade.decide.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"dataclasses", "enum", "facade.routes", "migrations_tools.phases", "typing"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.AsyncFunctionDef)]
