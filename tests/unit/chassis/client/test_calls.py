"""What the client sends, what it makes of answers, and what it repeats."""

import threading
import time
from collections.abc import Callable

import pytest

from chassis import deadline
from chassis.callers.tokens import Verifier
from chassis.client import Client, Interrupted, Refused, RetryBudget, TimedOut, Timeouts, Unreachable
from chassis.ports import free_port
from chassis.replica import positions
from chassis.replica.authority import Misdirected
from chassis.telemetry import trace
from tests.unit.chassis.client.conftest import BREAK_OFF, Answer, Service

Make = Callable[..., Client]


def test_a_call_carries_the_token_and_the_time_that_is_left(client: Make, service: Service) -> None:
    """The service can tell who asks, and until when it is worth answering."""
    service.answers = [Answer(body={"n": 1})]
    assert client().get("/things", {"keys": "1,2"}) == {"n": 1}
    [(method, path, headers, _)] = service.requests
    assert (method, path) == ("GET", "/things?keys=1%2C2")
    assert headers["Authorization"] == "Bearer secret"
    assert 0 < int(headers[deadline.HEADER]) <= 10_000


def test_each_attempt_is_signed_for_the_service(client: Make, service: Service) -> None:
    """It is accepted there once, so a repetition is signed anew; the service knows who called."""
    service.answers = [Answer(status=503), Answer(body={})]
    client(caller="monolith").get("/things")
    verifier = Verifier("secret", "users")
    callers = [verifier.verify(headers["Banyan-Caller"]) for _, _, headers, _ in service.requests]
    assert [caller.issuer for caller in callers] == ["monolith", "monolith"]
    assert len({caller.id for caller in callers}) == 2


def test_a_call_belongs_to_the_request_that_causes_it(client: Make, service: Service) -> None:
    """Request id and trace are passed on."""
    served = trace.begin("the-request", None)
    token = trace.current.set(served)
    try:
        client().get("/")
    finally:
        trace.current.reset(token)
    headers = service.requests[0][2]
    assert headers["X-Request-ID"] == "the-request"
    assert headers["traceparent"] == served.traceparent


def test_json_is_sent_and_an_empty_answer_is_none(client: Make, service: Service) -> None:
    """Bodies are JSON in both directions."""
    service.answers = [Answer(204, b"")]
    assert client().post("/things", {"a": [1]}) is None
    assert service.requests[0][3] == {"a": [1]}


def test_a_thread_keeps_its_connection(client: Make, service: Service) -> None:
    """Calls of one thread reuse a connection; each thread has its own session."""
    mine = client()
    mine.get("/")
    here = mine._session()
    there: list[object] = []
    thread = threading.Thread(target=lambda: there.append(mine._session()))
    thread.start()
    thread.join()
    assert mine._session() is here
    assert there[0] is not here


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_idempotent_call_is_repeated_until_it_is_answered(client: Make, service: Service, status: int) -> None:
    """A passing failure is not seen by the caller."""
    service.answers = [Answer(status), Answer(status), Answer(body=[7])]
    assert client().get("/") == [7]
    assert len(service.requests) == 3


@pytest.mark.parametrize("status", [BREAK_OFF, 429, 502, 503, 504])
def test_a_write_that_may_have_been_executed_is_not_repeated(client: Make, service: Service, status: int) -> None:
    """A POST without a key is sent once, whatever comes of it."""
    service.answers = [Answer(status), Answer()]
    with pytest.raises((Refused, Interrupted)):
        client().post("/", {})
    assert len(service.requests) == 1


def test_a_write_with_an_idempotency_key_is_repeated_with_it(client: Make, service: Service) -> None:
    """The service can tell that it is the same write."""
    service.answers = [Answer(BREAK_OFF), Answer(503), Answer(201, {"done": True})]
    assert client().post("/", {}, idempotency_key="k") == {"done": True}
    assert [headers["Idempotency-Key"] for _, _, headers, _ in service.requests] == ["k"] * 3


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500])
def test_a_refusal_is_not_repeated_and_keeps_its_words(client: Make, service: Service, status: int) -> None:
    """Asking again would be refused again; the caller gets the problem's type, detail and messages."""
    problem = {"type": "urn:banyan:problem:invalid", "detail": "No.", "errors": {"city": ["Too long."]}}
    service.answers = [Answer(status, problem)]
    with pytest.raises(Refused) as caught:
        client().get("/")
    assert len(service.requests) == 1
    refused = caught.value
    assert (refused.answer, refused.kind, refused.reason) == (status, "urn:banyan:problem:invalid", "No.")
    assert refused.messages == {"city": ["Too long."]}
    assert refused.status == 502


def test_a_421_names_the_owner(client: Make, service: Service) -> None:
    """A side without authority has executed nothing, and says who has it."""
    facts = {"type": "urn:banyan:problem:misdirected", "context": "users", "owner": "monolith", "epoch": 3}
    service.answers = [Answer(421, facts)]
    with pytest.raises(Misdirected) as caught:
        client().post("/", {})
    assert (caught.value.context, caught.value.owner, caught.value.epoch) == ("users", "monolith", 3)


def test_nobody_there_is_told_apart_and_asked_for_again(client: Make, service: Service) -> None:
    """Without a connection nothing was executed, so even a write is repeated, at the address that is right by then."""
    addresses = [f"http://127.0.0.1:{free_port()}", service.url]
    assert client(locate=lambda _: addresses.pop(0)).post("/", {}) == {}
    with pytest.raises(Unreachable):
        client(locate=lambda _: f"http://127.0.0.1:{free_port()}").post("/", {})


def test_an_address_that_nobody_knows_is_nobody_there(client: Make) -> None:
    """A platform that is not up gives the same error as one that is down."""

    def locate(_: str) -> str:
        raise LookupError

    with pytest.raises(Unreachable):
        client(locate=locate).get("/")


@pytest.mark.parametrize("how", ["until", "trickle"])
def test_no_answer_takes_longer_than_its_time(client: Make, service: Service, how: str) -> None:
    """A silent service and one that stops in the middle both end with the timeout."""
    release = threading.Event()
    service.answers = [Answer(body={"long": "x" * 100}, **{how: release})]
    started = time.monotonic()
    with pytest.raises(TimedOut):
        client(timeouts=Timeouts(read=0.1, total=0.3)).get("/")
    release.set()
    assert time.monotonic() - started < 3


def test_the_callers_deadline_bounds_the_call(client: Make, service: Service) -> None:
    """What is left of the request's own time is all that a call gets, and nothing is sent when it is over."""
    with deadline.within(0.5):
        client().get("/")
    assert int(service.requests[0][2][deadline.HEADER]) <= 500
    with deadline.within(0), pytest.raises(TimedOut):
        client().get("/")
    assert len(service.requests) == 1


def test_retries_stop_when_the_budget_is_spent(client: Make, service: Service) -> None:
    """A service in trouble gets at most the share of retries that the budget allows."""
    service.answers = [Answer(503)]
    mine = client(budget=RetryBudget(share=0.1, reserve=3.0))
    for _ in range(10):
        with pytest.raises(Refused):
            mine.get("/")
    assert len(service.requests) == 10 + 3


def test_a_body_that_is_no_json_is_no_answer(client: Make, service: Service) -> None:
    """Half a document is not mistaken for one."""
    service.answers = [Answer(body=b'{"a":')]
    with pytest.raises(Interrupted):
        client().get("/")


def test_a_redirect_is_not_followed(client: Make, service: Service) -> None:
    """The internal token goes to the service that was meant, and nowhere else."""
    service.answers = [Answer(302, headers={"Location": "http://127.0.0.1:1/"})]
    with pytest.raises(Refused):
        client().get("/")


def test_where_writes_stand_is_noted_for_the_request_that_causes_them(client: Make, service: Service) -> None:
    """Several calls, in whatever order they are answered; outside a request nothing is kept."""
    told = ("users=4:70,orders=2:9", "users=4:60", "users=3:900", "")
    service.answers = [Answer(headers={positions.HEADER: value} if value else {}) for value in told]
    with positions.noting() as noted:
        for _ in told:
            client().post("/things", {})
    assert noted == {"users": (4, 70), "orders": (2, 9)}
    assert positions.written(noted) == "orders=2:9,users=4:70"
    service.answers = [Answer(headers={positions.HEADER: "users=9:9"})]
    client().post("/things", {})
    assert noted["users"] == (4, 70)


def test_a_position_that_cannot_be_read_spoils_the_answer(client: Make, service: Service) -> None:
    """Going on without it would let the customer read from a side that has not got the write."""
    service.answers = [Answer(headers={positions.HEADER: "users=latest"})]
    with positions.noting(), pytest.raises(Interrupted):
        client().post("/things", {})
