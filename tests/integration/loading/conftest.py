"""A migrated, empty monolith database, and loads into it."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.db import connection
from psycopg import Connection

from monolith.loading.loader import NO_PASSWORD, load
from monolith.loading.progress import Silent
from monolith.loading.source import Source
from monolith.loading.summary import Summary

Query = Callable[..., list[tuple[Any, ...]]]
Loading = Callable[..., Summary]


@pytest.fixture
def database(cluster: object, transactional_db: None) -> Connection:
    connection.ensure_connection()
    return cast("Connection", connection.connection)


@pytest.fixture
def query(database: Connection) -> Query:
    return lambda statement, *values: database.execute(statement, values).fetchall()


@pytest.fixture
def run(database: Connection) -> Loading:
    def run(source: Source, *, password: str | None = None, encoded: str = NO_PASSWORD, again: bool = False) -> Summary:
        return load(database, source, Silent(), password=password, encoded=encoded, again=again)

    return run
