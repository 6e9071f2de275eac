"""Proof, before authority moves, that changes can come back: a path that was never walked is found broken when it is needed.

Three things are tried on real data. The gainer records changes on every table. The gainer's documents can be read. The loser
accepts them: they are translated, staged and merged there by the code that will do it later, and then taken back.
"""

from chassis.replica import authority
from migrations_tools import capture
from migrations_tools.gates import Proof
from migrations_tools.phases import Direction
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.sides import Side, Sides

SAMPLE = 50


def prove(plan: ContextPlan, sides: Sides, direction: Direction) -> Proof:
    """Try the way back of a hand-over in `direction`. Switches the gainer's capture on; changes nothing else."""
    loser, gainer = sides.source(direction), sides.target(direction)
    with gainer.connect("reverse proof") as connection:
        if authority.read(connection, plan.context).owner != gainer.name:
            capture.switch(connection, plan, enabled=True)
        if not capture.is_capturing(connection, plan):
            return Proof(ok=False, seen=f"the {gainer.name} does not record changes on every table of {plan.context}")
    return _rehearse(plan, loser, gainer)


def _rehearse(plan: ContextPlan, loser: Side, gainer: Side) -> Proof:
    tried = 0
    for aggregate in plan.aggregates:
        documents = gainer.documents(aggregate.name, _sample(gainer, aggregate.name))
        answer = loser.rehearse(aggregate.name, documents)
        if answer.refused:
            first = answer.refused[0]
            return Proof(
                ok=False,
                seen=f"the {loser.name} refused {len(answer.refused)} of {len(documents)} {aggregate.name} documents,"
                f" the first ({first.key}) with {first.reason}: {first.detail}",
            )
        tried += len(documents)
    return Proof(ok=True, seen=f"the {loser.name} took {tried} documents of the {gainer.name} in a rehearsal")


def _sample(side: Side, aggregate: str) -> list[int]:
    """The first keys and some spread over the rest, as far as the key space is dense."""
    first = side.keys(aggregate, 0, SAMPLE // 2)
    if len(first) < SAMPLE // 2:
        return first
    spread = first[-1]
    found = list(first)
    for step in range(SAMPLE // 2):
        found += side.keys(aggregate, spread + step * spread * 10, 1)
    return sorted(set(found))
