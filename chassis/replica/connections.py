"""psycopg connections of the replica protocol, beside Django's own: they carry no adapters of Django's and stage by COPY."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final

import psycopg
from django.db import connections
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

KEPT: Final = 8
"""Idle connections that are kept for each database."""


def conninfo(alias: str = "default") -> str:
    """The libpq connection string of a Django database."""
    settings = connections[alias].settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return make_conninfo(**{option: str(settings[key]) for option, key in named.items() if settings[key]})


def connect(url: str, application: str = "banyan") -> psycopg.Connection[Any]:
    """An autocommit connection in UTC, recognisable in `pg_stat_activity` by its application name."""
    return psycopg.connect(url, autocommit=True, application_name=application, options="-c timezone=UTC")


class Pool:
    """This process's idle connections to one database, shared by its threads.

    A connection is made by the thread that needs one, so a server that is away is told at once, and one that is back is used at
    once. (A pool that connects in the background backs off meanwhile, and refuses for seconds after the server has returned.)
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[psycopg.Connection[Any]] = []

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """An autocommit connection that was alive a moment ago. Raises `psycopg.OperationalError`."""
        connection = self._alive() or connect(self._url, "banyan replica")
        try:
            yield connection
        finally:
            self._put_back(connection)

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _alive(self) -> psycopg.Connection[Any] | None:
        with suppress(IndexError):  # another thread may take the last one
            while True:
                connection = self._idle.pop()
                try:
                    connection.execute("")
                except psycopg.Error:
                    connection.close()
                else:
                    return connection
        return None

    def _put_back(self, connection: psycopg.Connection[Any]) -> None:
        if connection.info.transaction_status is TransactionStatus.IDLE and len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            connection.close()


@cache
def pool(url: str) -> Pool:
    """This process's pool for `url`; it survives a restart of the server."""
    return Pool(url)
