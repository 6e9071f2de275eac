"""The numbered steps of a hand-over, in order: what each does, what it says in a rehearsal, and on which side of the two lines
it is.

From `fence` to `release` writers wait. `give_up` is the point of no return: a failure before it cancels everything and leaves
authority where it was; after it each step may be repeated by anyone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chassis.replica import authority, sequences
from migrations_tools import capture
from migrations_tools.control.reconcile import reconcile
from migrations_tools.cutover.finish import activate
from migrations_tools.cutover.state import AuthorityElsewhere, HandOver, NothingRecorded, TailDiverges
from migrations_tools.relay.drain import drain

DRAIN_SECONDS = 2.0
TAIL = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `fenced`: writers wait while it runs. `narration` is formatted with loser, gainer, context and epoch."""

    name: str
    narration: str
    run: Callable[[HandOver], dict[str, Any]]
    fenced: bool = False
    after_no_return: bool = False


def _prepare(move: HandOver) -> dict[str, Any]:
    """A side that began to own the context without a record of its changes could never hand it back."""
    capture.switch(move.gainer_session, move.plan, enabled=True)
    if not capture.is_capturing(move.gainer_session, move.plan):
        raise NothingRecorded(move.context, move.gainer.name)
    move.before = authority.read(move.loser_session, move.context)
    if move.before.owner != move.loser.name:
        raise AuthorityElsewhere(move.before, move.loser.name)
    return {"epoch": move.before.epoch}


def _catch_up(move: HandOver) -> dict[str, Any]:
    """Without the fence, so that little is left for the time in which writers wait; also opens the sessions and the HTTP
    connection.
    """
    applied = 0
    for _ in range(20):
        outcome = move.rounds.run(limit=2_000)
        applied += outcome.applied
        if not outcome.applied and not outcome.busy:
            break
    return {"applied": applied}


def _fence(move: HandOver) -> dict[str, Any]:
    return {"attempts": move.take_fence()}


def _drain(move: HandOver) -> dict[str, Any]:
    move.tail = move.rounds.queued_keys()
    return {"applied": drain(move.rounds, DRAIN_SECONDS)}


def _verify_tail(move: HandOver) -> dict[str, Any]:
    """What was in flight a moment ago is what a fault in the drain would lose, so exactly that is compared."""
    compared = 0
    for aggregate, keys in move.tail.items():
        last = keys[-TAIL:]
        here, there = move.loser.documents(aggregate, last), move.gainer.documents(aggregate, last)
        if wrong := move.unequal(here, there):
            raise TailDiverges(aggregate, wrong)
        compared += len(last)
    return {"compared": compared}


def _hand_over_keys(move: HandOver) -> dict[str, Any]:
    drawn = sequences.positions(move.loser_session, move.context)
    return {"sequences": sequences.advance(move.gainer_session, move.context, drawn)}


def _give_up(move: HandOver) -> dict[str, Any]:
    move.given_up = True  # Also while the outcome of the commit is unknown: the authority rows tell, not this process.
    if not authority.give_up(move.loser_session, move.before):
        raise AuthorityElsewhere(authority.read(move.loser_session, move.context), move.loser.name)
    return {"epoch": move.after.epoch}


def _activate(move: HandOver) -> dict[str, Any]:
    activate(move.gainer_session, move.gainer, move.after)
    return {"owner": move.after.owner}


def _publish(move: HandOver) -> dict[str, Any]:
    loser = authority.read(move.loser_session, move.context)
    gainer = authority.read(move.gainer_session, move.context)
    flags = reconcile(move.context, loser, gainer, who=move.who)
    return {"phase": str(flags.phase)}


def _release(move: HandOver) -> dict[str, Any]:
    move.release_fence()
    return {}


STEPS: tuple[Step, ...] = (
    Step("prepare", "switch on the {gainer}'s record of changes, and check that the {loser} owns {context}", _prepare),
    Step("catch_up", "relay what is queued, so that little is left to do while writers wait", _catch_up),
    Step("fence", "stop the writers of {context} at the {loser}; give way and try again if one holds out", _fence, fenced=True),
    Step("drain", "relay until the {loser}'s queue is empty, whatever the horizon is", _drain, fenced=True),
    Step("verify_tail", "compare on both sides what was just relayed", _verify_tail, fenced=True),
    Step(
        "hand_over_keys", "set the {gainer}'s key sequences past everything either side has drawn", _hand_over_keys, fenced=True
    ),
    Step("give_up", "commit the {loser}'s authority row: {gainer}, one epoch up. THE POINT OF NO RETURN", _give_up, fenced=True),
    Step(
        "activate",
        "commit the {gainer}'s authority row; from here it accepts writes",
        _activate,
        fenced=True,
        after_no_return=True,
    ),
    Step("publish", "set the phase and push the routes to the facades", _publish, fenced=True, after_no_return=True),
    Step(
        "release",
        "let the writers go on; those that waited are sent to the {gainer}",
        _release,
        fenced=True,
        after_no_return=True,
    ),
)
