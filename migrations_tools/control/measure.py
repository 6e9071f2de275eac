"""Measures what the gates ask for, and nothing else. What cannot be measured stays None, which closes the gate.

The facades count shadow comparisons in the Valkey hash `banyan:shadow:<context>`, fields `compared`
and `matched`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import psycopg
import requests
import valkey

from chassis import env
from chassis.callers.sessions import session
from chassis.replica import outbox
from chassis.replica.connections import pool
from migrations_tools.control import reverse, valkeys
from migrations_tools.control.flags import current
from migrations_tools.control.models import (
    HandOverOutcome,
    Journal,
    PhaseChange,
    VerifyRun,
)
from migrations_tools.gates import Measurements, Proof, Shadowed, Verified
from migrations_tools.phases import GateName, Phase, policy
from migrations_tools.plan import ContextPlan
from migrations_tools.relay.sides import Side, Sides

SHADOW: Final = "banyan:shadow:"
_TIMEOUT_SECONDS: Final = 3.0
# A run that has not ended leaves at least one aggregate, even when it has queued them all.
_UNFILLED: Final = """
SELECT count(*), coalesce(sum(greatest(total - done, 1)) FILTER (WHERE finished_at IS NULL), 0),
    (SELECT count(*) FROM banyan_outbox o WHERE o.context = %(context)s AND o.priority = %(priority)s)
FROM banyan_checkpoint WHERE context = %(context)s
"""
_BACKFILLED_SINCE: Final = "SELECT count(*) FROM banyan_checkpoint WHERE context = %s AND finished_at > %s"


def measure(plan: ContextPlan, names: Iterable[GateName], sides: Sides) -> Measurements:
    """The measurements behind the named gates."""
    taken: dict[str, Any] = {}
    for name in names:
        field, measured = _MEASURES[name]
        taken[field] = measured(plan, sides)
    return Measurements(**taken)


def reset_shadow(context: str) -> None:
    """Forget the comparisons counted so far; those of an earlier attempt say nothing about this one."""
    with valkeys.connected() as client:
        client.delete(f"{SHADOW}{context}")


def service_healthy(plan: ContextPlan, _sides: Sides) -> Proof:
    """Whether the service is ready, and lets these tools in."""
    try:
        base = env.service_url(plan.context)
        with session() as asking:
            ready = asking.get(f"{base}/readyz", timeout=_TIMEOUT_SECONDS)
            replica = asking.get(
                f"{base}/internal/replica/{plan.context}/authority",
                headers={"Authorization": f"Bearer {env.internal_token()}"},
                timeout=_TIMEOUT_SECONDS,
            )
    except (env.ServiceUnknownError, requests.RequestException) as error:
        return Proof(False, str(error))
    ok = ready.ok and replica.ok
    return Proof(ok, f"ready: {ready.status_code}, replica protocol: {replica.status_code}")


def unfilled(plan: ContextPlan, sides: Sides) -> int | None:
    """Aggregates that a backfill has yet to queue or the relay yet to apply; None when one was
    never begun.
    """
    try:
        with pool(sides.monolith.url).connection() as connection:
            row = connection.execute(_UNFILLED, {"context": plan.context, "priority": outbox.BACKFILL}).fetchone()
    except psycopg.Error:
        return None
    begun, missing, waiting = row or (0, 0, 0)
    return int(missing + waiting) if begun == len(plan.aggregates) else None


def lag_seconds(plan: ContextPlan, sides: Sides) -> float | None:
    """The age of the oldest change that has not reached the other side."""
    queue = backlog(plan, sides)
    return queue.oldest_seconds if queue else None


def parked(plan: ContextPlan, sides: Sides) -> int | None:
    """Aggregates that the relay gave up on."""
    queue = backlog(plan, sides)
    return queue.parked if queue else None


def backlog(plan: ContextPlan, sides: Sides) -> outbox.Backlog | None:
    """The queue of the side that replication flows from; None when there is none, or its database
    does not answer.
    """
    source = _source(plan, sides)
    if source is None:
        return None
    try:
        with pool(source.url).connection() as connection:
            return outbox.backlog(connection, plan.context)
    except psycopg.Error:
        return None


def verified(plan: ContextPlan, sides: Sides) -> Verified | None:
    """The latest comparison, and what has happened since it began that it cannot have seen."""
    run = VerifyRun.objects.filter(context=plan.context).first()
    if run is None:
        return None
    handed_over = Journal.objects.filter(context=plan.context, outcome=HandOverOutcome.DONE, finished_at__gt=run.started_at)
    begun = PhaseChange.objects.filter(context=plan.context, at__gt=run.started_at, from_phase=Phase.MONOLITH)
    later = {
        "a hand-over": handed_over.exists(),
        "a new beginning": begun.exists(),
        "a backfill": _backfilled_since(plan, sides, run.started_at),
    }
    outdated_by = next((what for what, happened in later.items() if happened), "")
    return Verified(run.outcome, run.different + run.missing + run.extra, outdated_by)


def _backfilled_since(plan: ContextPlan, sides: Sides, moment: datetime) -> bool:
    with pool(sides.monolith.url).connection() as connection:
        row = connection.execute(_BACKFILLED_SINCE, (plan.context, moment)).fetchone()
    return bool(row and row[0])


def shadowed(plan: ContextPlan, _sides: Sides) -> Shadowed | None:
    """What the facades have compared since shadowing began."""
    try:
        with valkeys.connected() as client:
            counts = client.hmget(f"{SHADOW}{plan.context}", ["compared", "matched"])
    except valkey.ValkeyError:
        return None
    return Shadowed(*(int(count or 0) for count in counts))


def _source(plan: ContextPlan, sides: Sides) -> Side | None:
    direction = policy(current(plan.context).phase).replication
    return sides.source(direction) if direction else None


_MEASURES: dict[GateName, tuple[str, Callable[[ContextPlan, Sides], Any]]] = {
    GateName.SERVICE_HEALTHY: ("service_healthy", service_healthy),
    GateName.BACKFILLED: ("unfilled", unfilled),
    GateName.LAG: ("lag_seconds", lag_seconds),
    GateName.NONE_PARKED: ("parked", parked),
    GateName.VERIFIED: ("verified", verified),
    GateName.SHADOW_MATCH: ("shadowed", shadowed),
    GateName.REVERSE_PATH: ("reverse_path", reverse.prove),
}
