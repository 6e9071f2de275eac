"""Each decision about a request, told by the parts of a worker, which stay as they were."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.identity.keeping import signing_key
from chassis.identity.tokens import issue
from facade.explain import decisions
from facade.explain.known import Known
from facade.explain.question import Question
from facade.problems import Problem
from facade.reply import Reply
from facade.request import Request
from facade.routes import Feed
from migrations_tools.phases import Owner
from tests.unit.facade.responses.asked import asked
from tests.unit.facade.worker import Worker

DOCUMENT = """
openapi: 3.1.0
paths:
  /contract:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [name]}}}
"""
POLICIES = """
[[routes]]
path = "/limited"
limits = ["1/1h per ip"]

[[routes]]
path = "/kept"
cache = true

[[routes]]
path = "/contract"
contract = { document = "DOCUMENT" }
priority = "critical"

[[routes]]
path = "/code"
code = "tests.unit.facade.explain.test_decisions:never"

[[routes]]
path = "/scoped"
authenticate = "required"
scopes = { read = ["orders:read"] }

[resilience.default]
breaker = { minimum = 1 }
"""


async def never(request: Request) -> Reply:
    raise AssertionError("explaining runs no code")


def told(folder: Path, *asked_for: Question, before: Callable[[Worker], None] = lambda _: None, alone: bool = False) -> Any:
    """What is said by stage, of the last question. `before` makes the worker what it should be; `alone`: it is no running one."""
    document = folder / "api.yaml"
    document.write_text(DOCUMENT)

    async def run() -> dict[str, str]:
        worker = Worker(folder, POLICIES.replace("DOCUMENT", str(document)))
        desk, policies = worker.desk, worker.policies
        before(worker)
        known = Known(
            desk.settings, desk.book, policies.table, policies.declared.resilience, desk.upstreams, desk.guards, desk.positions,
            running=not alone,
        )  # fmt: skip
        was = _state(worker)
        for question in asked_for:
            found = {step.stage: step.said for step in await decisions.explain(known, question)}
        assert _state(worker) == was, "explaining changes nothing"
        return found

    return asyncio.run(run())


def _state(worker: Worker) -> str:
    return str([*worker.desk.metrics.families(), worker.cache.flights, worker.cache.under_way])


def test_a_request_that_passes_is_told_to_its_end(tmp_path: Path) -> None:
    """Everything on which its answer may depend."""
    found = told(tmp_path, Question("GET", "/api/v1/users/me?x=1"))
    assert list(found)[:2] == ["deadline", "policy"]
    assert list(found)[-9:] == ["route", "admission", "instances", "timeouts", "guard", "repeats", "mirror", "shadow", "answer"]
    assert found["route"] == "the monolith: context users, phase monolith, epoch 0, authority monolith"
    assert found["instances"].startswith(
        "http://m (serving, 0 under way); left alone for a while after 5 failed requests in a row"
    )
    assert found["admission"].startswith("normal: waits when four fifths"), "nobody came to the door yet"
    assert found["timeouts"] == "1 s for a connection, 30 s for silence, 60 s until an answer begins, 600 s until it ends"
    assert "when its connection closed" in found["repeats"]
    assert found["answer"] == "by the monolith"


def test_a_body_is_held_to_its_contract_without_anybody_being_asked(tmp_path: Path) -> None:
    """The document is here, and so is the body: the mistakes are told as the client would be."""
    found = told(tmp_path, Question("POST", "/contract", data='{"nam": 1}'))
    assert found["answer"].startswith("422 Invalid body")
    assert "name" in found["answer"]
    passes = told(tmp_path, Question("POST", "/contract", data='{"name": 1}'))
    assert passes["admission"].startswith("critical: waits when all of what is known to be right is under way, between ")
    assert passes["answer"] == "by the monolith"
    assert told(tmp_path, Question("POST", "/contract"))["answer"].startswith("400 Body missing")
    odd = Question("POST", "/contract", ("Content-Type: text/plain", "Host: shop.example"), "x")
    assert told(tmp_path, odd)["answer"].startswith("415")


def test_a_limit_that_is_used_up_is_told_and_not_counted(tmp_path: Path) -> None:
    """By whom it is used up: the address is the one that a trusted balancer tells."""

    def spend(worker: Worker) -> None:
        stage: Any = next(s for s in worker.policies.table.match("GET", "/limited").stages if s.name == "rate-limit")
        request: Any = asked("GET", b"/limited")
        request.address = b"203.0.113.7"
        stage.before(request)
        with pytest.raises(Problem):
            stage.before(request)

    his, other = (Question("GET", "/limited", (f"X-Forwarded-For: {address}",)) for address in ("203.0.113.7", "203.0.113.8"))
    assert told(tmp_path, his, before=spend)["answer"].startswith("429 Too many requests: the limit is 1/1h per ip")
    assert told(tmp_path, other, before=spend)["answer"] == "by the monolith"
    assert told(tmp_path, *[Question("GET", "/limited")] * 3)["answer"] == "by the monolith", "asking takes nothing"


def test_a_kept_answer_is_told(tmp_path: Path) -> None:
    """And who does not get it."""

    def keep(worker: Worker) -> None:
        stage: Any = next(s for s in worker.policies.table.match("GET", "/kept").stages if s.name == "cache")
        request = asked("GET", b"/kept")
        request.host, request.scheme = b"localhost", b"http"
        stage.before(request)
        stage.after(request, Reply(200, [(b"cache-control", b"max-age=60")], b"x"))
        stage.ended(request)

    assert told(tmp_path, Question("GET", "/kept"), before=keep)["answer"] == "200, by what is kept"
    assert told(tmp_path, Question("POST", "/kept"), before=keep)["answer"] == "by the monolith"
    assert told(tmp_path, Question("GET", "/kept", ("Cache-Control: no-cache",)), before=keep)["answer"] == "by the monolith"
    only = Question("GET", "/kept", ("Cache-Control: only-if-cached",))
    assert told(tmp_path, only)["answer"].startswith("504 Not cached")


def test_code_is_named_and_not_run(tmp_path: Path) -> None:
    """It may do anything."""
    assert told(tmp_path, Question("GET", "/code"))["answer"] == f"answered by {__name__}:never"


def test_a_breaker_that_is_open_is_told(tmp_path: Path) -> None:
    """With the numbers by which it opened."""

    def fail(worker: Worker) -> None:
        breaker = worker.desk.guards.of(Owner.MONOLITH, "-").breaker
        breaker.record(False, breaker.allow())

    found = told(tmp_path, Question("GET", "/x"), before=fail)
    assert found["guard"].startswith("breaker open for 0.")
    assert "opens at 50% failures of 1 or more" in found["guard"]
    assert told(tmp_path, Question("GET", "/x"))["guard"].startswith("nothing was asked yet")


@pytest.mark.parametrize(
    ("percent", "alone", "said"),
    [
        (
            100,
            True,
            "the service as a replica: context users, phase canary, epoch 4, authority monolith; a new browser is in bucket",
        ),
        (100, False, "the service as a replica: "),
        (0, False, "the monolith: "),
    ],
)
def test_a_cohort_decides_who_reads_where(tmp_path: Path, percent: int, alone: bool, said: str) -> None:
    """A new browser has written nothing; with nobody to ask, the condition is told."""

    def move(worker: Worker) -> None:
        state = {
            "phase": "canary",
            "epoch": 4,
            "read_percent": percent,
            "shadow_percent": 0,
            "services": ["http://u1", "http://u2"],
        }
        worker.desk.book.apply(Feed.parse({"version": 1, "contexts": {"users": state}}), "feed")
        worker.desk.upstreams.keep_only(worker.desk.book.table.routes)

    found = told(tmp_path, Question("GET", "/api/v1/users/me"), before=move, alone=alone)
    assert found["route"].startswith(said)
    if percent:
        assert "of those below 10000" in found["route"]
        assert ("once it has caught up" in found["route"]) is alone
        assert found["timeouts"] == "1 s for a connection, 3 s for silence, 60 s until an answer begins, 600 s until it ends"
        assert found["mirror"] == "to the monolith, when the replica fails"
        assert found["instances"].startswith("http://u1 (serving, 0 under way), http://u2 (serving, 0 under way); of two")
    written = told(tmp_path, Question("GET", "/api/v1/users/me", (f"Cookie: banyan_anon={'a' * 32}",)), before=move)
    assert ("but nobody can tell whether" in written["route"]) is bool(percent)
    assert written["route"].startswith("the monolith: "), "a read that may miss something is the authority's"


def test_the_deadline_is_the_clients_where_it_claims_one(tmp_path: Path) -> None:
    """Up to what is declared; a claim of nothing is refused."""
    assert told(tmp_path, Question("GET", "/x"))["deadline"].startswith("60 s until an answer begins")
    assert told(tmp_path, Question("GET", "/x", ("Banyan-Timeout: 500",)))["deadline"].startswith("0.5 s until an answer begins")
    assert told(tmp_path, Question("GET", "/x", ("Banyan-Timeout: 0",))) == {
        "answer": "504 Deadline over: nothing was executed: the time that the client gave was over before its request was read"
    }


def test_a_token_by_an_unknown_key_is_told_on(tmp_path: Path) -> None:
    """Only the issuer could tell whether it is good, and is not asked; what it would open is told."""
    token = issue(uuid4(), 7, signer=signing_key())
    found = told(tmp_path, Question("GET", "/scoped", (f"Authorization: Bearer {token}",)))
    assert found["authenticate"].startswith("undecided: the issuer would be asked")
    assert found["answer"].startswith("403"), "its scopes are not those that are needed"
    assert told(tmp_path, Question("GET", "/scoped"))["answer"].startswith("401")


def test_what_never_passes_and_what_is_no_request(tmp_path: Path) -> None:
    """Each says so and ends there."""
    assert told(tmp_path, Question("GET", "/internal/x"))["never passes"] == "refused with 404: there is nothing at /internal/x"
    assert told(tmp_path, Question("GET", "/a/../b"))["parse"].startswith("refused with 400")
    assert "deadline" in told(tmp_path, Question("GET", "http://shop.example/x"))


def test_a_question_is_checked_before_it_is_answered() -> None:
    """It may come from anybody who reaches the port."""
    good = Question("GET", "/x", ("A: b",), None)
    assert Question.of({"method": "GET", "url": "/x", "headers": ["A: b"], "data": None}) == good
    for wrong in ([], {}, {"method": 1, "url": "", "headers": []}, {"method": "GET", "url": "/", "headers": [1]}):
        with pytest.raises(ValueError, match=r"no table|texts"):
            Question.of(wrong)
