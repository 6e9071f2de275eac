"""`context backfill`: what was there before capture began is copied through the relay, resumable
and in the background.
"""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import Any, Final

from psycopg import sql

from migrations_tools import backfill
from migrations_tools.control.operations.task import Operation, Progress, Step, Task
from migrations_tools.phases import Direction, policy

BOUNDS: Final = {
    "page_rows": "aggregates queued at a time",
    "max_waiting": "queue rows above which it holds back",
    "max_lag_seconds": "lag of live changes above which it holds back",
    "max_active": "active database sessions above which it holds back",
}


class NotCaptured(RuntimeError):
    """A backfill without capture would miss whatever is written after a page was copied."""

    def __init__(self, context: str, phase: str) -> None:
        super().__init__(
            f"in phase {phase} changes of {context} are not captured towards the service, so a copy would be outdated"
            f" at once; next: manage.py context begin {context}"
        )


class SomeParked(RuntimeError):
    """The backfill ended, and some aggregates did not arrive."""

    def __init__(self, parked: int) -> None:
        super().__init__(f"{parked} aggregates were refused by the service and are parked; manage.py contexts says why")


def steps(task: Task) -> list[Step]:
    phase = task.flags.phase
    if policy(phase).replication is not Direction.TO_SERVICE:
        raise NotCaptured(task.context, phase)
    bounds = {name: task.options[name] for name in BOUNDS if task.options.get(name) is not None}
    tune = Step(f"set {', '.join(f'{name} to {value:g}' for name, value in bounds.items())}", lambda: _tune(task, bounds))
    fill = Step("queue every aggregate, page by page, and wait until all have arrived", lambda: _fill(task))
    return [*([tune] if bounds else []), *([] if task.options.get("tune") else [fill])]


def _tune(task: Task, bounds: dict[str, float]) -> dict[str, Any]:
    """Re-read with every page, so it also re-tunes a backfill that another process is running."""
    assignments = (sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in bounds)
    with task.sides.monolith.connect("backfill") as connection:
        for aggregate in task.plan.aggregates:
            connection.execute(
                sql.SQL(
                    "INSERT INTO banyan_checkpoint (context, aggregate, {names}) VALUES (%s, %s, {values})"
                    " ON CONFLICT (context, aggregate) DO UPDATE SET {assignments}"
                ).format(
                    names=sql.SQL(", ").join(map(sql.Identifier, bounds)),
                    values=sql.SQL(", ").join(sql.Literal(value) for value in bounds.values()),
                    assignments=sql.SQL(", ").join(assignments),
                ),
                (task.context, aggregate.name),
            )
    return {"bounds": bounds}


def _fill(task: Task) -> None:
    with task.progress("backfill") as progress:
        summary = backfill.run(
            task.plan,
            task.sides.monolith,
            report=_reported(progress),
            restart=bool(task.options.get("restart")),
        )
    task.say(f"{summary.rows} aggregates in {summary.seconds:.1f} s, {summary.parked} parked")
    task.facts.update(rows=summary.rows, seconds=summary.seconds, parked=summary.parked)
    if summary.parked:
        raise SomeParked(summary.parked)


def _reported(progress: Progress) -> Callable[[backfill.Progress], None]:
    return lambda seen: progress(seen.applied, seen.total)


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is no {kind.__name__}") from None
        if not 0 < value < float("inf"):
            raise ArgumentTypeError(f"{text!r} is not above 0")
        return value

    return parse


def arguments(parser: ArgumentParser) -> None:
    for name, meaning in BOUNDS.items():
        kind = float if name == "max_lag_seconds" else int
        parser.add_argument(f"--{name.replace('_', '-')}", type=_positive(kind), help=meaning)
    parser.add_argument("--restart", action="store_true", help="begin anew instead of resuming")
    parser.add_argument("--tune", action="store_true", help="only set the bounds, of a running backfill too")


def _lock(options: Mapping[str, Any]) -> str:
    return "/tune" if options.get("tune") else "/backfill"


BACKFILL = Operation("backfill", "copy what was there before capture began", steps, arguments, lock=_lock, flags=False)
