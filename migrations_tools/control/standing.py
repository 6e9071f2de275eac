"""Where every context stands, as far as it can be seen from here: flags, authority on both sides,
queue, and who holds it up.

What does not answer is reported as such; a database that is down hides no other context.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import psycopg

from chassis import env
from chassis.replica import authority, outbox, retry
from chassis.replica.authority import Authority
from chassis.replica.connections import connect, conninfo
from chassis.replica.retry import Parked
from migrations_tools.control.flags import current
from migrations_tools.control.reconcile import reconcile
from migrations_tools.phases import Owner, policy
from migrations_tools.plan import ContextPlan

LONG_SECONDS: Final = 1.0
LETTERS: Final = 10

# The lock that each transaction holds on its own id is seen by every role, whosever the transaction is.
_STRANGERS: Final = """
SELECT a.pid, coalesce(a.datname, '?'), coalesce(a.usename, '?'), coalesce(a.application_name, ''),
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
  AND l.transactionid::text::bigint = pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295
"""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A transaction that holds the horizon back. `seconds` is None where this role may not see its age."""

    pid: int | None
    database: str
    role: str
    application: str
    seconds: float | None


@dataclass(slots=True)
class Standing:
    """One line of `contexts`. `trouble` are sentences about what could not be seen or should not be."""

    context: str
    phase: str
    authority: str
    epoch: int
    read_percent: int
    shadow_percent: int
    lag_seconds: float | None = None
    outbox: int | None = None
    parked: int | None = None
    retrying: int | None = None
    dead_letters: list[Parked] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    half_hand_over: str | None = None
    trouble: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def standing(plan: ContextPlan, *, who: str) -> Standing:
    """Look at one context; flags that do not fit the authority rows are brought in line on the way."""
    trouble: list[str] = []
    rows = {
        owner: known
        for owner, url in (("monolith", conninfo("default")), ("service", env.database_url(plan.context)))
        if (known := _authority(plan.context, owner, url, trouble))
    }
    if len(rows) == len(Owner):
        reconcile(plan.context, rows["monolith"], rows["service"], who=who)
    now = current(plan.context)
    row = policy(now.phase)
    seen = Standing(
        plan.context, str(now.phase), str(row.authority), now.epoch, now.read_percent, now.shadow_percent, trouble=trouble
    )
    seen.half_hand_over = _half(rows)
    if row.replication is not None:
        source = row.replication.source
        _look_at_queue(seen, conninfo("default") if source is Owner.MONOLITH else env.database_url(plan.context))
    return seen


def _authority(context: str, owner: str, url: str, trouble: list[str]) -> Authority | None:
    try:
        with connect(url, "banyan contexts") as connection:
            return authority.read(connection, context)
    except psycopg.Error as error:
        trouble.append(f"the {owner}'s authority row cannot be read: {error}".strip())
        return None


def _half(rows: dict[str, Authority]) -> str | None:
    if len({row.epoch for row in rows.values()}) < len(Owner):
        return None
    said = "; ".join(f"the {side} says {row.owner} at epoch {row.epoch}" for side, row in rows.items())
    return f"{said}: the relay, or the command again, completes it"


def _look_at_queue(seen: Standing, url: str) -> None:
    try:
        with connect(url, "banyan contexts") as connection:
            queue = outbox.backlog(connection, seen.context)
            holders = connection.execute(_STRANGERS).fetchall()
            seen.dead_letters = retry.parked(connection, seen.context, LETTERS)
    except psycopg.Error as error:
        seen.trouble.append(f"the queue cannot be read: {error}".strip())
        return
    seen.lag_seconds, seen.outbox = round(queue.oldest_seconds, 3), queue.pending
    seen.parked, seen.retrying = queue.parked, queue.retrying
    strangers = (Stranger(*row) for row in holders)
    seen.strangers = [one for one in strangers if (queue.oldest_seconds if one.seconds is None else one.seconds) >= LONG_SECONDS]
