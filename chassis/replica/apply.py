"""Applying a batch that the other side sent.

One transaction: the fence is taken shared (so a hand-over to this side waits for applies that are under way, and later ones see
its outcome), the authority is checked, the lanes' positions are locked and checked, the documents are staged by COPY and merged,
and the positions move. A batch that was applied before changes nothing and gets the answer it got then.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import psycopg
from psycopg import errors

from chassis.replica import authority
from chassis.replica.binding import ReplicaBinding
from chassis.replica.keys import FENCE_CLASS, fence_key
from chassis.replica.retry import CONFLICT, Refused
from chassis.replica.wire import Answer, Header, Line

_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS banyan_stage (key bigint PRIMARY KEY, doc jsonb) ON COMMIT DELETE ROWS
"""
# JSON text never holds a raw control character, so two of them can stand for delimiter and quote and nothing needs escaping.
_COPY = r"COPY banyan_stage FROM STDIN (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', NULL '')"


class StaleBatch(Exception):
    """The batch was read under an authority that has ended, or sent to the side that owns the context. Nothing was applied."""

    def __init__(self, known: authority.Authority, epoch: int) -> None:
        super().__init__(f"A batch of epoch {epoch} came to a side that knows {known.owner} as owner since epoch {known.epoch}.")
        self.known = known


def apply(
    connection: psycopg.Connection[Any],
    side: authority.Side,
    binding: ReplicaBinding,
    header: Header,
    lines: Sequence[Line],
) -> Answer:
    """Apply a batch on an autocommit `connection` of `side`. Raises `StaleBatch`; single failures are in the answer."""
    staged = [(line.key, b"" if line.document is None else binding.stage(line.document)) for line in lines]
    with connection.transaction():
        _check_authority(connection, side, header)
        earlier = _lock_positions(connection, header)
        if earlier is not None:
            return earlier
        connection.execute(_STAGE)
        refused = _merge(connection, binding, staged)
        _move_positions(connection, header, refused)
    return Answer(len(staged) - len(refused), tuple(refused))


def rehearse(connection: psycopg.Connection[Any], side: authority.Side, binding: ReplicaBinding, lines: Sequence[Line]) -> Answer:
    """Merge documents and take it back: would this side accept them? Asked of the side that owns the context, before it gives it
    up.

    The rows are locked while it lasts, and nothing else is seen of it. Raises `StaleBatch` on the side that does not own the
    context.
    """
    staged = [(line.key, b"" if line.document is None else binding.stage(line.document)) for line in lines]
    with connection.transaction(force_rollback=True):
        known = authority.read(connection, binding.context)
        if known.owner != side:
            raise StaleBatch(known, known.epoch)
        connection.execute("SELECT set_config('banyan.applying', %s, true)", (binding.context,))
        connection.execute("SET LOCAL lock_timeout = '250ms'")
        connection.execute(_STAGE)
        refused = _merge(connection, binding, staged)
    return Answer(len(staged) - len(refused), tuple(refused))


def _check_authority(connection: psycopg.Connection[Any], side: authority.Side, header: Header) -> None:
    connection.execute("SELECT set_config('banyan.applying', %s, true)", (header.context,))
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (FENCE_CLASS, fence_key(header.context)))
    known = authority.read(connection, header.context)
    if known.owner == side or known.epoch > header.epoch:
        raise StaleBatch(known, header.epoch)


def _lock_positions(connection: psycopg.Connection[Any], header: Header) -> Answer | None:
    """Lock the lanes' positions; the earlier answer if the batch, or a later one of its lanes, was applied already."""
    lanes = sorted(header.lanes)
    connection.execute(
        "INSERT INTO banyan_position (context, lane, epoch, sequence, horizon)"
        " SELECT %s, lane, 0, 0, 0 FROM unnest(%s::smallint[]) AS lane ON CONFLICT DO NOTHING",
        (header.context, lanes),
    )
    rows = connection.execute(
        "SELECT epoch, sequence, refused FROM banyan_position"
        " WHERE context = %s AND lane = ANY(%s::smallint[]) ORDER BY lane FOR UPDATE",
        (header.context, lanes),
    ).fetchall()
    here = (header.epoch, header.sequence)
    passed = [row for row in rows if (row[0], row[1]) >= here]
    if not passed:
        return None
    same = [row for row in passed if (row[0], row[1]) == here]
    refused = tuple(Refused(**one) for one in same[0][2]) if same else ()
    return Answer(0, refused, duplicate=True)


def _move_positions(connection: psycopg.Connection[Any], header: Header, refused: Sequence[Refused]) -> None:
    connection.execute(
        "UPDATE banyan_position SET epoch = %s, sequence = %s, horizon = %s, refused = %s, applied_at = clock_timestamp()"
        " WHERE context = %s AND lane = ANY(%s::smallint[])",
        (
            header.epoch,
            header.sequence,
            header.horizon,
            orjson.dumps(list(refused)).decode(),
            header.context,
            list(header.lanes),
        ),
    )


def _merge(connection: psycopg.Connection[Any], binding: ReplicaBinding, staged: Sequence[tuple[int, bytes]]) -> list[Refused]:
    """Merge what can be merged. A batch that fails is halved until the aggregates that fail stand alone."""
    try:
        with connection.transaction():
            _stage(connection, staged)
            for statement in binding.upsert:
                connection.execute(statement)
            # Foreign keys are deferred to the commit by default; here they must fail within the savepoint.
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except (errors.IntegrityError, errors.DataError) as error:
        if len(staged) == 1:
            return [_refusal(connection, binding, staged[0], error)]
        middle = len(staged) // 2
        return _merge(connection, binding, staged[:middle]) + _merge(connection, binding, staged[middle:])
    return []


def _stage(connection: psycopg.Connection[Any], staged: Sequence[tuple[int, bytes]]) -> None:
    connection.execute("DELETE FROM banyan_stage")
    body = b"".join([b"%d\x02%b\n" % pair for pair in staged])
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(body)


def _refusal(
    connection: psycopg.Connection[Any],
    binding: ReplicaBinding,
    staged: tuple[int, bytes],
    error: psycopg.Error,
) -> Refused:
    """Why this aggregate was refused; for a unique value that another aggregate has, also which one."""
    detail = error.diag.message_detail or error.diag.message_primary or str(error)
    if not isinstance(error, errors.UniqueViolation):
        return Refused(staged[0], error.sqlstate or "error", detail)
    with connection.transaction():
        _stage(connection, [staged])
        holders = [row[0] for row in connection.execute(binding.holders).fetchall()]
    return Refused(staged[0], CONFLICT, detail, holders)
