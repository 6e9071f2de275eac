"""The spans of one sampled request: SERVER for the entrance, CLIENT for each attempt at an upstream.

An attempt ends with the answer's head, or, where the body is passed on as it comes, with the request. What the guard lets nobody
send is no attempt; it is counted in `banyan.guarded`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from chassis.telemetry import spans
from chassis.telemetry.spans import Clock, Kind, Sink, Span, Value
from facade.decide import Decision, Outcome

_TRACEPARENT = b"traceparent: "
_ABANDONED = "abandoned"
_INCOMPLETE = "incomplete"
_MAY_STREAM = frozenset({Outcome.ANSWERED, Outcome.SERVER_ERROR, Outcome.UNAVAILABLE})
_WITH_AN_ANSWER = _MAY_STREAM | {Outcome.MISDIRECTED}


class Answer(Protocol):
    """What of a connection to an upstream tells how an attempt went."""

    status: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where the SERVER span is in its trace. Ids are hexadecimal digits; `parent` is b"" where the trace begins here, and `flags`
    are those of `traceparent`.
    """

    trace: bytes
    span: bytes
    parent: bytes
    flags: int

    def traceparent(self, span: bytes) -> bytes:
        """The header's value for the upstream of this span."""
        return b"00-%b-%b-%02x" % (self.trace, span, self.flags)


@dataclass(slots=True)
class _Attempt:
    span: bytes
    started: int
    attributes: dict[str, Value]
    outcome: Outcome | None = None
    status: int = 0


class RequestSpan:
    """`draw` gives the id of another span; `route` is "" where there is none; `attributes` are the SERVER span's."""

    __slots__ = (
        "_attempt",
        "_attempts",
        "_attributes",
        "_clock",
        "_draw",
        "_guarded",
        "_method",
        "_name",
        "_place",
        "_sink",
        "_started",
    )

    def __init__(
        self,
        sink: Sink,
        place: Place,
        draw: Callable[[], bytes],
        *,
        method: str,
        route: str,
        attributes: dict[str, Value],
    ) -> None:
        self._sink = sink
        self._place = place
        self._draw = draw
        self._method = method
        self._name = spans.name(method, route)
        self._attributes = attributes
        self._clock = Clock()
        self._started = self._clock.now()
        self._attempt: _Attempt | None = None
        self._attempts = self._guarded = 0

    def attempt(self, url: str, target: bytes, decision: Decision) -> None:
        """Another attempt begins, at the upstream of this base address."""
        self._leave()
        scheme, _, host = url.partition("://")
        about: dict[str, Value] = {"banyan.side": decision.side.value, "banyan.replica": decision.replica}
        self._attributes["banyan.replica"] = decision.replica
        full = url + spans.path(target.decode("latin-1"))
        attributes = {**spans.asked(self._method), "url.full": full, **spans.server(host, scheme), **about}
        if self._attempts:
            attributes["http.request.resend_count"] = self._attempts
        self._attempts += 1
        self._attempt = _Attempt(self._draw(), self._clock.now(), attributes)

    def stamped(self, head: bytes) -> bytes:
        """The head of the attempt's request, with the attempt as the parent instead of the entrance."""
        place, attempt = self._place, self._attempt
        assert attempt is not None
        mine, its = place.traceparent(place.span), place.traceparent(attempt.span)
        return head.replace(_TRACEPARENT + mine, _TRACEPARENT + its, 1)

    def attempted(self, outcome: Outcome, answer: Answer | None) -> None:
        """How the attempt went, and what came, None when nothing did."""
        attempt = self._attempt
        if outcome is Outcome.REFUSED:
            self._guarded += 1
        elif attempt is not None:
            attempt.outcome = outcome
            attempt.status = answer.status if answer is not None else 0
            if outcome not in _MAY_STREAM or answer is None or answer.complete:
                self._leave()

    def end(self, side: str, status: int) -> None:
        """The request is over. `side`: who answered; `status` is 0 where the client got no whole answer."""
        self._leave(broken=not status)
        attributes = {**self._attributes, "banyan.side": side, "banyan.attempts": self._attempts}
        if self._guarded:
            attributes["banyan.guarded"] = self._guarded
        error = _INCOMPLETE if not status else str(status) if status >= 500 else ""
        place = self._place
        told = _tell(attributes, status, error)
        self._put(self._name, Kind.SERVER, span=place.span, parent=place.parent, started=self._started, told=told)

    def _leave(self, *, broken: bool = False) -> None:
        """End the attempt in progress, if there is one."""
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        outcome, status = attempt.outcome, attempt.status
        attempt.attributes["banyan.outcome"] = outcome.name.lower() if outcome is not None else _ABANDONED
        if outcome not in _WITH_AN_ANSWER:
            error = outcome.name.lower() if outcome is not None else _ABANDONED
        elif status >= 400:
            error = str(status)
        else:
            error = _INCOMPLETE if broken else ""
        told, parent = _tell(attempt.attributes, status, error), self._place.span
        self._put(spans.name(self._method), Kind.CLIENT, span=attempt.span, parent=parent, started=attempt.started, told=told)

    def _put(self, name: str, kind: Kind, *, span: bytes, parent: bytes, started: int, told: Mapping[str, Value]) -> None:
        self._sink.put(
            Span(
                name=name,
                kind=kind,
                trace_id=int(self._place.trace, 16),
                span_id=int(span, 16),
                parent_id=int(parent, 16) if parent else 0,
                remote=kind is Kind.SERVER,
                started=started,
                ended=self._clock.now(),
                attributes=told,
                failed="error.type" in told,
            )
        )


def _tell(attributes: Mapping[str, Value], status: int, error: str) -> dict[str, Value]:
    """The attributes, with how it ended."""
    told = dict(attributes)
    if status:
        told["http.response.status_code"] = status
    if error:
        told["error.type"] = error
    return told
