"""The end of a run on the terminal: what a person wants to know, on one screen."""

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from migrations_tools.demo.facts import Run
from migrations_tools.demo.report.parts import MEANINGS


def show(run: Run, report: str, console: Console) -> None:
    """`report`: where the page is."""
    console.print(_road(run))
    console.print(_proof(run))
    for name, found in run.samples.items():
        for one in found:
            console.print(f"  {MEANINGS[name]}: {one}", style="red", markup=False, highlight=False)
    if run.barred:
        console.print(f"  The road was barred: {run.barred}", style="red", markup=False, highlight=False)
    words = (
        f"{run.acknowledged_writes:,} acknowledged writes, each there once; none of {run.requests:,} requests failed."
        if run.good
        else "The proof failed; see above."
    )
    console.print(Panel(f"{words}\nReport: {report}", style="bold green" if run.good else "bold red", expand=False))


def _road(run: Run) -> Table:
    table = Table("phase", "after", "writers held", "slowest write", title=f"{run.context}: the road", title_justify="left")
    cutovers = {one.switched_at: one for one in run.cutovers}
    for stage in run.stages:
        at = cutovers.get(stage.started_at)
        held = (f"{at.pause_ms:.0f} ms", f"{at.slowest_write_ms:.0f} ms") if at else ("", "")
        table.add_row(stage.name, f"{stage.started_at - run.began:.0f} s", *held)
    return table


def _proof(run: Run) -> Table:
    table = Table("proof", "count", title="What the checker found", title_justify="left")
    for name, count in run.proof.items():
        style = "green" if count == 0 else "bold red"
        table.add_row(MEANINGS[name], "not measured" if count is None else f"{count:,}", style=style)
    table.add_section()
    table.add_row("requests", f"{run.requests:,}")
    table.add_row("acknowledged writes", f"{run.acknowledged_writes:,}")
    if run.unclear_writes:
        table.add_row("writes without a clear answer", f"{run.unclear_writes:,}")
    for name, effort in (("backfill", run.backfill), ("verify", run.verify)):
        if effort:
            table.add_row(name, f"{effort.rows:,} customers in {effort.seconds:.1f} s")
    return table
