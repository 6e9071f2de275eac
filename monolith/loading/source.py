"""What a source of data looks like to the loader: named stages, each a run of pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monolith.loading.rows import Row
from monolith.loading.tables import Table
from monolith.loading.tally import Tally

PAGE_ROWS = 5_000
RULES_VERSION = 1


@dataclass
class Page:
    """Rows that are committed together with the checkpoint `position`, which grows from page to page of a stage."""

    position: int
    rows: dict[Table, list[Row]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def put(self, table: Table, row: Row) -> None:
        self.rows.setdefault(table, []).append(row)


@dataclass(frozen=True)
class Stage:
    """`pages(after)` yields the pages whose position is beyond `after`, the same ones on every run.

    `total` is the last position: where a progress bar ends.
    """

    name: str
    total: int
    pages: Callable[[int], Iterator[Page]]


class Source(Protocol):
    @property
    def name(self) -> str: ...

    def parameters(self) -> Mapping[str, str]:
        """All that decides which rows come out; two loads with the same parameters are the same load."""
        ...

    def stages(self, password: str) -> Sequence[Stage]:
        """Check the input and return the stages in order; `password` is the encoded one that customers get.

        Raises `BadInput` for what can be seen before the first row is written.
        """
        ...


def batched_pages(pages: Iterator[Page], after: int) -> Iterator[Page]:
    """Pages of a stage that must be walked from its start (its rules remember earlier rows), without those already committed."""
    return (page for page in pages if page.position > after)
