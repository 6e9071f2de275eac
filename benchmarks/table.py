"""Results for a person: what has a bound first, with the figure and whether it is met; then what was measured beside it."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.report import Result, Target

_WIDTH = 160
"""Of what is no terminal."""


def show(result: Result, console: Console | None = None) -> None:
    """One benchmark, with everything that it measured."""
    out = console or _console()
    out.print(f"{result.name}{_size(result)}: {_verdict(result.targets)}")
    table = _table("what", "bound", "figure", "")
    for target in result.targets:
        table.add_row(*_row(target))
    out.print(table, "measured beside it:")
    beside = Table(box=None, pad_edge=False, show_header=False)
    for name, value in result.figures.items():
        beside.add_row(name, _told(value))
    out.print(beside)


def summary(results: Sequence[Result], missing: Sequence[str], console: Console | None = None) -> None:
    """The bounds of several; `missing`: the benchmarks that could not be measured."""
    out = console or _console()
    unmeasured = f"; not measured: {', '.join(missing)}" if missing else ""
    verdict = _verdict([target for result in results for target in result.targets])
    out.print(f"together{_size(results[0]) if results else ''}: {verdict}{unmeasured}")
    table = _table("benchmark", "what", "bound", "figure", "")
    for result in results:
        for target in result.targets:
            table.add_row(result.name, *_row(target))
    for name in missing:
        table.add_row(name, "", "", "", Text("not measured", "bold red"))
    out.print(table)


def _table(*heads: str) -> Table:
    table = Table()
    for head in heads:
        table.add_column(head, justify="right" if head in ("bound", "figure") else "left")
    return table


def _row(target: Target) -> tuple[str, str, str, Text]:
    bound = f"≥ {target.at_least:g}" if target.at_least is not None else f"≤ {target.at_most:g}"
    return target.name, bound, _told(target.value), Text("met", "green") if target.met else Text("MISSED", "bold red")


def _verdict(targets: Sequence[Target]) -> str:
    missed = sum(not target.met for target in targets)
    return f"{missed} of {len(targets)} bounds missed" if missed else f"{len(targets)} of {len(targets)} bounds met"


def _size(result: Result) -> str:
    return f", a QUICK look at scale {result.scale:g}, while bounds are meant for scale 1" if result.quick else ""


def _told(value: Any) -> str:
    """A number, or several, as exact as they are worth telling."""
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}"


def _console() -> Console:
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=_WIDTH)
