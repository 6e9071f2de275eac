"""Runs a source's stages: page by page, each page with its checkpoint in one transaction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import check_password
from psycopg import Connection, Error
from psycopg.errors import UndefinedTable

from chassis.replica.authority import MISDIRECTED_STATE
from monolith.loading import checkpoint, copying
from monolith.loading.checkpoint import Books, LoadRow
from monolith.loading.errors import LoadError, MovedContext, OtherPassword
from monolith.loading.prefetch import prefetch
from monolith.loading.progress import Progress
from monolith.loading.source import Page, Source, Stage
from monolith.loading.summary import Summary
from monolith.loading.tables import TABLES

NO_PASSWORD = "!"  # noqa: S105 - Django's mark of a password that fits nothing


def load(
    connection: Connection,
    source: Source,
    progress: Progress,
    *,
    password: str | None = None,
    encoded: str = NO_PASSWORD,
    again: bool = False,
) -> Summary:
    """Bring `source` into the database, from where an earlier run stopped, and return what is true afterwards.

    `password` is what the operator gave and `encoded` its hash: a resumed load keeps the hash of its first run, and
    refuses another password with `OtherPassword`. A finished load is left as it is, unless `again` offers every row anew.
    `connection` must be in autocommit mode. Raises `LoadError`; committed pages stay.
    """
    began = time.monotonic()
    with _one_line_errors(), checkpoint.only_load(connection):
        row = checkpoint.open_load(connection, source, encoded)
        if not (check_password(password, row.password) if password is not None else row.password == NO_PASSWORD):
            raise OtherPassword
        if again:
            checkpoint.restart(connection, row)
        before = checkpoint.read_books(connection, row)
        if again or row.finished_at is None:
            copying.prepare(connection)
            books = checkpoint.read_books(connection, row)
            for stage in source.stages(row.password):
                _run(connection, row, stage, books.get(stage.name, Books()), progress)
            after = checkpoint.read_books(connection, row)
            for stage_books in after.values():
                stage_books.tally.settle()
            _gather_statistics(connection)
            checkpoint.finish(connection, row)
        else:
            after = before
        return Summary.of(source, row, before, after, time.monotonic() - began, again=again)


def _run(connection: Connection, row: LoadRow, stage: Stage, books: Books, progress: Progress) -> None:
    progress.start(stage.name, stage.total, books.position)
    pages = prefetch(stage.pages(books.position))
    try:
        for page in pages:
            _commit(connection, row, stage.name, books, page)
            progress.reach(page.position)
    finally:
        pages.close()
    progress.finish()


def _commit(connection: Connection, row: LoadRow, stage: str, books: Books, page: Page) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        for table in TABLES:
            if rows := page.rows.get(table):
                written = copying.write(cursor, table, rows)
                books.inserted[table.name] = books.inserted.get(table.name, 0) + written.inserted
                books.present[table.name] = books.present.get(table.name, 0) + written.present
                copying.raise_sequence(cursor, table)
        books.position = page.position
        books.tally.add(page.tally)
        checkpoint.save(cursor, row, stage, books)


def _gather_statistics(connection: Connection) -> None:
    """Tables that grew from nothing in a minute have no statistics yet, and the planner would take them for empty."""
    connection.execute("ANALYZE " + ", ".join(table.name for table in TABLES))


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except Error as error:
        problem = (error.diag.message_primary or str(error) or type(error).__name__).splitlines()[0]
        if error.sqlstate == MISDIRECTED_STATE:
            raise MovedContext(problem) from error
        if isinstance(error, UndefinedTable):
            raise LoadError(f"{problem}: run `manage.py migrate` first") from error
        raise LoadError(f"the database refused: {problem}. Pages before this one are kept; run it again to go on") from error
