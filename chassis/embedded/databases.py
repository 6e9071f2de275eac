"""Databases and roles of a cluster: each role may reach its own database and no other.

Every statement can be repeated, so that work that was interrupted is simply done again.
"""

import psycopg
from psycopg import Connection, sql

_NO_STRANGERS = "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC"


def close_to_strangers(connection: Connection[object]) -> None:
    """Let only superusers into the databases that every cluster has."""
    for name in ("postgres", "template1"):
        _run(connection, _NO_STRANGERS, name)


def ensure_role(connection: Connection[object], role: str, password: str) -> None:
    """A role that may log in with this password and may do nothing else by itself."""
    if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        _run(connection, "CREATE ROLE {}", role)
    statement = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def ensure_database(connection: Connection[object], name: str, owner: str) -> None:
    """A database that only its owner (and superusers) can connect to."""
    if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        # Shut until PUBLIC's right to connect is gone: nobody slips in between the two statements.
        _run(connection, "CREATE DATABASE {} OWNER {} ALLOW_CONNECTIONS false", name, owner)
    _run(connection, _NO_STRANGERS, name)
    _run(connection, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)


def drop_database(connection: Connection[object], name: str) -> None:
    """Remove a database, and throw out whoever is connected to it."""
    _run(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def allow_making_databases(connection: Connection[object], role: str) -> None:
    """For test clusters: the role may create databases, and reach `postgres` to do so."""
    _run(connection, "ALTER ROLE {} CREATEDB", role)
    _run(connection, "GRANT CONNECT ON DATABASE postgres TO {}", role)


def connect(url: str) -> Connection[object]:
    """A superuser's connection, each statement by itself (databases cannot be made in a transaction)."""
    return psycopg.connect(url, autocommit=True, connect_timeout=10)


def _run(connection: Connection[object], statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _exists(connection: Connection[object], query: str, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
