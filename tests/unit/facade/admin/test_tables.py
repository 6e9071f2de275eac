"""The document of /status, and what people see of it."""

from typing import Any

from facade.admin import status
from facade.admin.tables import Section, sections, summary
from facade.exposition import Across, Family

LOOK: dict[str, Any] = {
    "pid": 7, "birth": "x", "since": 100.0, "ready": True, "routes": "feed", "version": 3, "policies_refused": False,
    "instances": [{"context": "users", "url": "http://u", "state": "serving", "load": 2}],
}  # fmt: skip


def family(name: str, samples: dict[str, float], kind: str = "counter") -> Family:
    return Family(f"banyan_facade_{name}", kind, "", Across.SUM, {("", labels): value for labels, value in samples.items()})


def found(looks: dict[int, dict[str, Any]], *families: Family) -> dict[str, Section]:
    return {section.title: section for section in sections(status.document(2, looks, families), now=160.0)}


def test_a_worker_that_does_not_answer_is_a_line_too() -> None:
    """Whoever reads it must not take the others for all."""
    workers = found({0: LOOK})["Workers"]
    assert workers.rows[0][:5] == ("0", "yes", "7", "60 s", "feed")
    assert workers.rows[1][:2] == ("1", "does not answer")
    assert all(len(row) == len(workers.heads) for row in workers.rows)


def test_instances_are_told_once_with_each_state_that_workers_see() -> None:
    """One may have ejected what another asks."""
    other = {**LOOK, "instances": [{**LOOK["instances"][0], "state": "ejected", "load": 0}]}
    assert found({0: LOOK, 1: other})["Instances"].rows == [("users", "http://u", "serving (1), ejected (1)", "2")]
    assert found({0: LOOK, 1: LOOK})["Instances"].rows == [("users", "http://u", "serving", "4")]


def test_upstreams_tell_breakers_and_refusals() -> None:
    """By context and side, in one line each."""
    whose = 'context="users",side="service"'
    told = found(
        {0: LOOK},
        family("breaker", {f'{whose},state="closed"': 1, f'{whose},state="open"': 1}, "gauge"),
        family("breaker_transitions_total", {f'{whose},state="open"': 4}),
        family("concurrency", {whose: 12}, "gauge"),
        family("concurrency_limit", {whose: 40}, "gauge"),
        family("retry_budget_refused_total", {whose: 1200}),
    )
    assert told["Upstreams"].rows == [("users", "service", "closed, open", "4", "12", "40", "0", "1,200")]


def test_admission_tells_whom_something_happened_to() -> None:
    """Who waited and who was refused, by priority; the others are left out."""
    whose = 'context="users",side="service",priority='
    told = found(
        {0: LOOK},
        family("delayed_total", {f'{whose}"critical"': 3, f'{whose}"normal"': 0, f'{whose}"background"': 2000}),
        family("shed_total", {f'{whose}"critical"': 0, f'{whose}"normal"': 0, f'{whose}"background"': 7}),
    )
    assert told["Admission"].rows == [
        ("users", "service", "background", "2,000", "7"),
        ("users", "service", "critical", "3", "0"),
    ]


def test_limits_that_nobody_meets_are_left_out() -> None:
    """There is one for each route and kind of caller."""
    used, idle = 'route="/a",methods="all",limit="ip-1m"', 'route="/b",methods="all",limit="ip-1m"'
    told = found({0: LOOK}, *(family(f"limit_{what}_total", {used: 2, idle: 0}) for what in ("asked", "alone", "refused")))
    assert told["Limits"].rows == [("/a", "all", "ip-1m", "2", "2", "2")]


def test_the_summary_says_who_answered() -> None:
    """And whether the policies are those of the file."""
    document = status.document(2, {0: LOOK}, [family("policies_refused", {"": 1}, "gauge")])
    assert summary(document) == "ready: 1 of 2 workers answered; the policies file was refused; 0 answers kept (0 KiB)"


def test_the_summary_tells_nothing_that_nobody_has_told() -> None:
    """Where no worker answers it is not known whose policies are in force, nor what is kept."""
    assert summary(status.document(1, {}, [])) == "not ready: 0 of 1 workers answered"


def test_a_facade_is_ready_when_all_that_answer_are() -> None:
    """And somebody does; the version is one that all of them have."""
    drains = {**LOOK, "ready": False, "version": 2}
    assert status.readiness(2, {0: LOOK, 1: drains}) == {"ready": False, "workers": 2, "answered": 2, "version": 2}
    assert status.readiness(2, {0: LOOK})["ready"]
    assert not status.readiness(2, {})["ready"]
