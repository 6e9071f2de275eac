"""What a load did, as facts (`--json`) and as tables for a person; both say the same."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from rich.console import Console
from rich.table import Table as RichTable

from monolith.loading.checkpoint import Books, LoadRow
from monolith.loading.source import Source
from monolith.loading.tables import TABLES
from monolith.loading.tally import Tally


@dataclass(frozen=True)
class TableFacts:
    """Rows of one table: `rows` belong to this load; `inserted` of them by this run, the others were there
    before it.
    """

    rows: int
    inserted: int


@dataclass(frozen=True)
class Summary:
    """`read`, `outcomes` and `rules` are over all runs of the load; `inserted`, `seconds` and the rate are
    this run's.
    """

    source: str
    parameters: Mapping[str, str]
    changed: bool
    resumed: bool
    already_finished_at: datetime | None
    tables: Mapping[str, TableFacts]
    read: Mapping[str, int]
    outcomes: Mapping[str, Mapping[str, int]]
    rules: Mapping[str, int]
    inserted: int
    seconds: float
    rows_per_second: int

    @classmethod
    def of(
        cls, source: Source, row: LoadRow, before: Mapping[str, Books], after: Mapping[str, Books], seconds: float, *, again: bool
    ) -> Self:
        """Compare the books before and after this run."""
        tally = Tally()
        for books in after.values():
            tally.add(books.tally)
        tables = _tables(before, after)
        inserted = sum(facts.inserted for facts in tables.values())
        return cls(
            source=source.name,
            parameters=source.parameters(),
            changed=inserted > 0,
            resumed=row.finished_at is None and bool(before),
            already_finished_at=None if again else row.finished_at,
            tables={table.name: tables[table.name] for table in TABLES if table.name in tables},
            read=dict(sorted(tally.read.items())),
            outcomes={file: dict(parts.most_common()) for file, parts in sorted(tally.outcomes.items())},
            rules=dict(tally.rules.most_common()),
            inserted=inserted,
            seconds=round(seconds, 3),
            rows_per_second=round(inserted / seconds) if seconds else 0,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def show(self, console: Console) -> None:
        """Print the verdict, then a table each for the rows, the input and the rules."""
        console.print(self.verdict(), soft_wrap=True)
        _print(console, "Rows", ("table", "of this load", "new in this run"), _table_rows(self.tables))
        _print(console, "Input: every row read, by what became of it", ("file", "became", "rows"), _outcome_rows(self))
        _print(
            console,
            "Oddities met, and the rule that was applied",
            ("rule", "times"),
            [(name, f"{times:,}") for name, times in self.rules.items()],
        )

    def verdict(self) -> str:
        """One sentence: what changed."""
        if self.already_finished_at is not None:
            return (
                f"{self.source}: already loaded, finished {self.already_finished_at:%Y-%m-%d %H:%M:%S} UTC; nothing changed."
                " (--again offers every row anew and adds what is missing)"
            )
        if not self.changed:
            return f"{self.source}: every row is there already; nothing changed. ({self.seconds:.1f} s)"
        went_on = ", resumed from an earlier run" if self.resumed else ""
        rate = f"{self.rows_per_second:,} rows/s"
        return f"{self.source}: {self.inserted:,} rows added in {self.seconds:.1f} s ({rate}){went_on}."


def _tables(before: Mapping[str, Books], after: Mapping[str, Books]) -> dict[str, TableFacts]:
    facts: dict[str, TableFacts] = {}
    for stage, books in after.items():
        earlier = before.get(stage, Books()).inserted
        for table, inserted in books.inserted.items():
            known = facts.get(table, TableFacts(0, 0))
            facts[table] = TableFacts(
                rows=known.rows + inserted + books.present[table],
                inserted=known.inserted + inserted - earlier.get(table, 0),
            )
    return facts


def _table_rows(tables: Mapping[str, TableFacts]) -> list[tuple[str, ...]]:
    return [(name, f"{facts.rows:,}", f"{facts.inserted:,}") for name, facts in tables.items()]


def _outcome_rows(summary: Summary) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for file, parts in summary.outcomes.items():
        rows += [(file, outcome, f"{count:,}") for outcome, count in parts.items()]
        if len(parts) > 1:
            rows.append((file, "= rows read", f"{summary.read[file]:,}"))
    return rows


def _print(console: Console, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if not rows:
        return
    table = RichTable(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, justify="right" if head in {"rows", "times", "of this load", "new in this run"} else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
