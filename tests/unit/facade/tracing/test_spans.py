"""The spans of one request: what each end of an attempt leaves behind."""

from dataclasses import dataclass
from itertools import count

import pytest

from facade.decide import Decision, Outcome
from facade.tracing.spans import Place, RequestSpan
from migrations_tools.phases import Owner
from tests.unit.facade.tracing.asking import Kept

PLACE = Place(b"0af7651916cd43dd8448eb211c80319c", b"1111111111111111", b"", 1)
AT_MONOLITH, AT_SERVICE = Decision(Owner.MONOLITH), Decision(Owner.SERVICE, replica=True)


@dataclass
class Answer:
    status: int
    complete: bool = True


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def span(kept: Kept) -> RequestSpan:
    numbers = count(0x2222222222222222)
    return RequestSpan(kept, PLACE, lambda: b"%016x" % next(numbers), method="GET", route="/api", attributes={"banyan.epoch": 3})


def test_only_the_header_names_the_attempt(span: RequestSpan) -> None:
    """What stands for the entrance elsewhere in a request, in its target or its body, is left alone."""
    span.attempt("http://10.0.0.1:80", b"/x", AT_MONOLITH)
    mine, its = PLACE.traceparent(PLACE.span), PLACE.traceparent(b"2222222222222222")
    head = b"GET /x?t=%b HTTP/1.1\r\ntraceparent: %b\r\n\r\ntraceparent: %b"
    assert span.stamped(head % (mine, mine, mine)) == head % (mine, its, mine)


@pytest.mark.parametrize(
    ("outcome", "answer", "error"),
    [
        (Outcome.ANSWERED, Answer(200), None),
        (Outcome.ANSWERED, Answer(404), "404"),
        (Outcome.SERVER_ERROR, Answer(503), "503"),
        (Outcome.MISDIRECTED, Answer(421, complete=False), "421"),
        (Outcome.UNREACHABLE, None, "unreachable"),
        (Outcome.CLOSED, Answer(0, complete=False), "closed"),
        (Outcome.TIMED_OUT, Answer(0, complete=False), "timed_out"),
        (Outcome.BROKEN, Answer(200, complete=False), "broken"),
    ],
)
def test_an_attempt_ends_with_its_outcome(
    span: RequestSpan, kept: Kept, outcome: Outcome, answer: Answer | None, error: str | None
) -> None:
    """What came of it can be seen, and it is over before the request is."""
    span.attempt("http://10.0.0.1:80", b"/x", AT_MONOLITH)
    span.attempted(outcome, answer)
    (attempt,) = kept.spans
    assert attempt.attributes["banyan.outcome"] == outcome.name.lower()
    assert attempt.attributes.get("error.type") == error
    assert attempt.attributes.get("http.response.status_code", 0) == (answer.status if answer else 0)
    assert attempt.failed == (error is not None)


def test_an_answer_that_streams_ends_with_the_request(span: RequestSpan, kept: Kept) -> None:
    """Its attempt lasts as long as its body."""
    span.attempt("http://10.0.0.1:80", b"/x", AT_MONOLITH)
    span.attempted(Outcome.ANSWERED, Answer(200, complete=False))
    assert kept.spans == []
    span.end("monolith", 200)
    attempt, server = kept.spans
    assert (attempt.failed, server.failed) == (False, False)
    assert server.started <= attempt.started <= attempt.ended <= server.ended


def test_an_answer_that_is_replaced_ends_with_the_next_attempt(span: RequestSpan, kept: Kept) -> None:
    """A fallback begins where the failure that it replaces ends."""
    span.attempt("http://10.0.0.1:80", b"/x", AT_MONOLITH)
    span.attempted(Outcome.SERVER_ERROR, Answer(500, complete=False))
    span.attempt("http://10.0.0.2:80", b"/x", AT_SERVICE)
    span.attempted(Outcome.ANSWERED, Answer(200))
    span.end("service", 200)
    first, second, server = kept.spans
    assert first.attributes["error.type"] == "500"
    assert first.ended <= second.started
    assert (second.attributes["http.request.resend_count"], second.attributes["banyan.replica"]) == (1, True)
    assert (server.attributes["banyan.attempts"], server.attributes["banyan.replica"]) == (2, True)


def test_an_attempt_that_nobody_waits_for_is_abandoned(span: RequestSpan, kept: Kept) -> None:
    """A client that left shows as that, not as an upstream's success."""
    span.attempt("http://10.0.0.1:80", b"/x", AT_MONOLITH)
    span.end("facade", 0)
    attempt, server = kept.spans
    assert (attempt.attributes["banyan.outcome"], attempt.attributes["error.type"]) == ("abandoned", "abandoned")
    assert server.attributes["error.type"] == "incomplete"


def test_what_the_guard_refuses_is_counted(span: RequestSpan, kept: Kept) -> None:
    """Nothing was sent, so there is no attempt; nor is the outcome of one that was rewritten."""
    span.attempted(Outcome.REFUSED, None)
    span.attempt("http://10.0.0.1:80", b"/x", AT_MONOLITH)
    span.attempted(Outcome.SERVER_ERROR, Answer(500, complete=False))
    span.attempted(Outcome.REFUSED, None)
    span.end("facade", 503)
    attempt, server = kept.spans
    assert attempt.attributes["banyan.outcome"] == "server_error"
    assert (server.attributes["banyan.guarded"], server.attributes["banyan.attempts"]) == (2, 1)
    assert (server.name, server.attributes["error.type"], server.attributes["banyan.epoch"]) == ("GET /api", "503", 3)
