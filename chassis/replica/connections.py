"""psycopg connections of the replica protocol, beside Django's own: they carry no adapters of Django's and stage by COPY."""

from functools import cache
from typing import Any

import psycopg
from django.db import connections
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool


def conninfo(alias: str = "default") -> str:
    """The libpq connection string of a Django database."""
    settings = connections[alias].settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return make_conninfo(**{option: str(settings[key]) for option, key in named.items() if settings[key]})


def connect(url: str, application: str = "banyan") -> psycopg.Connection[Any]:
    """An autocommit connection in UTC, recognisable in `pg_stat_activity` by its application name."""
    return psycopg.connect(url, autocommit=True, application_name=application, options="-c timezone=UTC")


@cache
def pool(url: str) -> ConnectionPool[psycopg.Connection[Any]]:
    """This process's pool for `url`; connections are checked before use, so it survives a restart of the server."""
    return ConnectionPool(
        url,
        kwargs={"autocommit": True, "application_name": "banyan replica", "options": "-c timezone=UTC"},
        min_size=0,
        max_size=8,
        max_idle=60,
        timeout=5,
        check=ConnectionPool.check_connection,
        open=True,
    )
