"""One request, from its making to its entry in the journal: the single place that judges what an answer means."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from migrations_tools.demo.calls import Call, Ticket
from migrations_tools.demo.client import Answer, Client, NoAnswer
from migrations_tools.demo.customers import Customer
from migrations_tools.demo.mix import Operation
from migrations_tools.demo.record import Begun, Ended, Journal, Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means: its outcome, what it acknowledged, and what a read missed."""

    outcome: Outcome
    status: int
    sets: Mapping[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    reason: str = ""


def judge(call: Call, answer: Answer, customer: Customer) -> Verdict:
    """An answer outside the call's rules, or one that does not say what was promised, is a failure."""
    if answer.status in call.refusals:
        return Verdict(Outcome.REFUSED, answer.status)
    if answer.status not in call.acks:
        return Verdict(Outcome.FAILED, answer.status, reason=answer.body[:200].decode(errors="replace"))
    try:
        content = orjson.loads(answer.body) if answer.body else None
        sets = {**call.sets, **call.learn(content)}
        missing = customer.expectation.missing(call.sees(content), call.covers)
    except (LookupError, TypeError, ValueError) as error:
        return Verdict(Outcome.FAILED, answer.status, reason=f"not the answer that was promised: {error!r}")
    return Verdict(Outcome.ACKNOWLEDGED, answer.status, sets, missing)


class Performer:
    """Sends calls for customers and records them."""

    def __init__(self, client: Client, journal: Journal) -> None:
        self._client, self._journal = client, journal

    async def perform(self, operation: Operation, customer: Customer, ticket: Ticket, due: float) -> Verdict:
        """`due`: when the request should have been sent, in Unix seconds; its latency counts from there."""
        call = operation.make(customer, ticket)
        if call.writes:
            self._journal.append(Begun(ticket.n, due, operation.name, customer.email, dict(call.sets)))
        late = time.time() - due
        verdict = await self._ask(call, customer)
        took = time.time() - due
        if verdict.outcome is Outcome.ACKNOWLEDGED:
            customer.expectation.acknowledge(verdict.sets)
        elif verdict.outcome is not Outcome.REFUSED:
            customer.expectation.doubt(call.sets)
        self._journal.append(
            Ended(
                ticket.n, due, operation.name, customer.email, verdict.outcome, verdict.status, took, late,
                write=call.writes, sets=dict(verdict.sets), missing=verdict.missing, reason=verdict.reason,
            )
        )  # fmt: skip
        return verdict

    async def _ask(self, call: Call, customer: Customer) -> Verdict:
        try:
            answer = await self._client.request(call.method, call.target, call.body, call.headers)
        except NoAnswer as silence:
            return Verdict(Outcome.UNKNOWN, 0, reason=silence.reason)
        return judge(call, answer, customer)
