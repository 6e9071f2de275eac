"""Proof that the way back works, before it is needed: the monolith rehearses taking aggregates from the service.

The documents are read at the service, translated, and merged at the monolith by the code that will
do it later; then all of it is taken back. A failure is in the answer, never raised: it closes a
gate. That the service records its changes is checked by the hand-over itself, which switches the
recording on.
"""

from typing import Final

import psycopg

from chassis.replica.apply import StaleBatch
from migrations_tools.gates import Proof
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.remote import ReplicaRefused, ReplicaUnavailable
from migrations_tools.relay.sides import Sides

SAMPLE: Final = 40
_PAGE: Final = 10_000


def prove(plan: ContextPlan, sides: Sides) -> Proof:
    """Try some aggregates of each kind, spread over the keys, against the tables of the monolith."""
    tried = 0
    for aggregate in plan.aggregates:
        try:
            keys = sides.service.keys(aggregate.name, 0, _PAGE)
            sample = keys[:: max(1, len(keys) // SAMPLE)][:SAMPLE]
            answer = sides.monolith.rehearse(aggregate.name, sides.service.documents(aggregate.name, sample))
        except (psycopg.Error, ReplicaUnavailable, ReplicaRefused, StaleBatch) as error:
            return Proof(False, f"could not be rehearsed: {error}".strip())
        if answer.refused:
            first = answer.refused[0]
            return Proof(
                False, f"{len(answer.refused)} of {len(sample)} refused, the first ({aggregate.name} {first.key}): {first.detail}"
            )
        tried += answer.applied
    return Proof(True, f"{tried} aggregates of the service were taken back in a rehearsal")
