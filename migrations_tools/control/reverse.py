"""Proof that the way back works, before it is needed: the monolith rehearses taking aggregates from the service.

Everything is taken back at once, whatever comes of it. A failure is in the answer, never raised: it
closes a gate.
"""

from typing import Final

import psycopg

from chassis.replica.apply import StaleBatch, rehearse
from chassis.replica.wire import decode, encode
from migrations_tools.gates import Proof
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.bindings import BINDINGS
from migrations_tools.relay.remote import ReplicaRefused, ReplicaUnavailable
from migrations_tools.relay.sides import Sides

SAMPLE: Final = 20
_PAGE: Final = 10_000


def prove(plan: ContextPlan, sides: Sides) -> Proof:
    """Try some aggregates of each kind, spread over the keys, against the tables of the monolith."""
    try:
        failures = [failure for aggregate in plan.aggregates for failure in _failures(aggregate.name, sides)]
    except (psycopg.Error, ReplicaUnavailable, ReplicaRefused, StaleBatch) as error:
        return Proof(False, f"could not be rehearsed: {error}".strip())
    return Proof(not failures, "; ".join(failures[:3]) or "rehearsed, and nothing was refused")


def _failures(aggregate: str, sides: Sides) -> list[str]:
    keys = sides.service.keys(aggregate, 0, _PAGE)
    sample = keys[:: max(1, len(keys) // SAMPLE)][:SAMPLE]
    documents = sides.service.documents(aggregate, sample)
    binding = BINDINGS[f"{sides.context}.{aggregate}"]
    with sides.monolith.connect("reverse path") as connection:
        answer = rehearse(connection, "monolith", binding, list(decode(encode(sample, documents))))
    return [f"{aggregate} {refused.key}: {refused.detail}" for refused in answer.refused]
