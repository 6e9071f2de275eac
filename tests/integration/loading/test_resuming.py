"""Loads that are stopped, killed and run again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from monolith.loading.adventureworks.source import AdventureWorks
from monolith.loading.errors import BadInput
from monolith.loading.generated.source import BLOCK, Generated
from monolith.loading.source import Page, Source, Stage
from monolith.loading.tables import TABLES
from tests.integration.loading import folders
from tests.integration.loading.conftest import Loading, Query

CHECKOUT = Path(__file__).resolve().parents[3]
KILLED = 4 * BLOCK


class Breaking:
    """A source that fails once `good` pages of its last stage have been made."""

    def __init__(self, inner: Source, good: int) -> None:
        self.name, self._inner, self._good = inner.name, inner, good

    def parameters(self) -> Mapping[str, str]:
        return self._inner.parameters()

    def stages(self, password: str) -> Sequence[Stage]:
        *first, last = self._inner.stages(password)

        def pages(after: int) -> Iterator[Page]:
            for count, page in enumerate(last.pages(after)):
                if count == self._good:
                    raise BadInput(Path("x.csv.gz"), 17, "planted")
                yield page

        return [*first, Stage(last.name, last.total, pages)]


def test_a_second_run_changes_nothing_and_says_so(tmp_path: Path, run: Loading, query: Query) -> None:
    """A finished load is left as it is, and the verdict tells when it was finished."""
    source = AdventureWorks(folders.adventureworks(tmp_path))
    first = run(source)
    before = query("SELECT xmin::text, * FROM users_user ORDER BY id")
    second = run(source)
    assert first.changed
    assert not second.changed
    assert second.inserted == 0
    assert {table: facts.rows for table, facts in second.tables.items()} == {t: f.rows for t, f in first.tables.items()}
    assert "nothing changed" in second.verdict()
    assert query("SELECT xmin::text, * FROM users_user ORDER BY id") == before


def test_again_adds_what_is_missing_and_leaves_what_was_changed(tmp_path: Path, run: Loading, query: Query) -> None:
    """Every row is offered anew: a deleted one comes back, an edited one stays edited, the books are not doubled."""
    source = AdventureWorks(folders.adventureworks(tmp_path))
    first = run(source)
    query("DELETE FROM orders_orderline WHERE order_id = 43660 RETURNING 1")
    query("UPDATE users_user SET nickname = 'mine' WHERE id = 11 RETURNING 1")
    again = run(source, again=True)
    assert again.inserted == 1
    assert again.outcomes == first.outcomes
    assert query("SELECT nickname FROM users_user WHERE id = 11") == [("mine",)]
    assert not run(source, again=True).changed


def test_a_load_that_broke_goes_on_behind_its_last_page(run: Loading, query: Query) -> None:
    """Pages before the failure stay; the next run makes only the others; together they are the uninterrupted load."""
    source = Generated(3 * BLOCK, orders_per_customer=0)
    with pytest.raises(BadInput, match="line 17: planted"):
        run(Breaking(source, good=2))
    assert query("SELECT count(*) FROM users_user") == [(2 * BLOCK,)]
    summary = run(source)
    assert summary.resumed
    assert summary.tables["users_user"].inserted == BLOCK
    assert summary.tables["users_user"].rows == 3 * BLOCK
    expected = _whole_load(source)
    assert query("SELECT id, public_id::text, email FROM users_user ORDER BY id") == expected


def test_kill_minus_nine_in_the_middle_loses_and_doubles_nothing(query: Query, tmp_path: Path) -> None:
    """After SIGKILL the rows are exactly those that the checkpoint counts; the next run completes and is exact to the byte."""
    loader = _start(tmp_path)
    try:
        _wait_for_page(query, loader)
    finally:
        loader.send_signal(signal.SIGKILL)
        loader.wait()
    _wait_until_gone(query)
    [(position,)] = query("SELECT position FROM loading_checkpoint WHERE stage = 'customers'")
    assert 0 < position < KILLED
    assert query("SELECT count(*) FROM users_user") == [(position,)]
    finished = _start(tmp_path)
    output, errors = finished.communicate(timeout=120)
    assert finished.returncode == 0, errors
    assert "resumed from an earlier run" in output
    source = Generated(KILLED, orders_per_customer=0.2)
    assert query("SELECT id, public_id::text, email FROM users_user ORDER BY id") == _whole_load(source)
    made = _row_counts(source)
    for table in TABLES:
        assert query(f"SELECT count(*) FROM {table.name}") == [(made[table.name],)], table.name


def _start(tmp_path: Path) -> "subprocess.Popen[str]":
    settings = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings)
    command = [sys.executable, "manage.py", "load_data", "--source", "generated", "--customers", str(KILLED)]
    return subprocess.Popen(
        [*command, "--orders-per-customer", "0.2"],
        cwd=CHECKOUT,
        env={**os.environ, "MONOLITH_DATABASE_URL": url, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_page(query: Query, loader: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while not query("SELECT 1 FROM loading_checkpoint WHERE stage = 'customers'"):
        assert loader.poll() is None, loader.communicate()
        assert time.monotonic() < deadline, "no page was committed within a minute"
        time.sleep(0.005)


def _wait_until_gone(query: Query) -> None:
    """The server may still be ending the killed session's statement."""
    deadline = time.monotonic() + 30
    while query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database"
                " WHERE datname = current_database())"):  # fmt: skip
        assert time.monotonic() < deadline, "the killed loader's session is still there"
        time.sleep(0.01)


def _whole_load(source: Source) -> list[tuple[Any, ...]]:
    users = next(table for table in TABLES if table.name == "users_user")
    rows = [row for stage in source.stages("!") for page in stage.pages(0) for row in page.rows.get(users, [])]
    return [(row.id, row.public_id, row.email) for row in rows]  # type: ignore[union-attr]


def _row_counts(source: Source) -> dict[str, int]:
    counts = {table.name: 0 for table in TABLES}
    for stage in source.stages("!"):
        for page in stage.pages(0):
            for table, rows in page.rows.items():
                counts[table.name] += len(rows)
    return counts
