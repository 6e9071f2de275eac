"""Completing a hand-over whose process died after its point of no return. Anybody may do it, any number of times.

The loser's row was committed first, so a loser that names the other side at a later epoch than the other side itself knows is
the one sign of a half hand-over. Sequences were handed over before that row, so only the gainer's row and the flags are left to
do.
"""

from typing import Any

import psycopg

from chassis.replica import authority, fence
from chassis.replica.authority import Authority
from migrations_tools.control.reconcile import reconcile
from migrations_tools.relay.sides import Side, Sides

ACTIVATE_WAIT_MS = 2_000


def rows(sides: Sides) -> tuple[Authority, Authority]:
    """The authority rows of the monolith and of the service."""
    found = []
    for side in (sides.monolith, sides.service):
        with side.connect("authority") as connection:
            found.append(authority.read(connection, sides.context))
    return found[0], found[1]


def half_done(monolith: Authority, service: Authority) -> Authority | None:
    """The authority that the gainer has not taken up yet, or None when both sides agree."""
    if monolith.epoch == service.epoch:
        return None
    return max(monolith, service, key=lambda row: row.epoch)


def finish(sides: Sides, *, who: str) -> bool:
    """Complete a half hand-over and bring the flags in line. Returns whether there was one. Harmless when repeated."""
    monolith, service = rows(sides)
    pending = half_done(monolith, service)
    if pending is not None:
        gainer = sides.of(pending.owner)
        with gainer.connect("hand-over") as connection:
            activate(connection, gainer, pending)
    reconcile(sides.context, *rows(sides), who=who)
    return pending is not None


def activate(connection: psycopg.Connection[Any], gainer: Side, target: Authority) -> None:
    """Raise the gainer's row under its own fence: applies under way end first, later ones find it the owner and are refused."""
    with fence.exclusive(connection, gainer.context, ACTIVATE_WAIT_MS):
        authority.raise_to(connection, target)
