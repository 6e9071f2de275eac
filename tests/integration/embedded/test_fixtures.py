"""The fixtures of every other test: databases that are there when asked for, and nobody else's."""

import os
from collections.abc import Callable

import psycopg
import valkey as client

from chassis.embedded import Cluster, ValkeyServer


def test_environment_names_the_run_s_own_servers(cluster: Cluster, valkey: ValkeyServer) -> None:
    """The URLs that settings read lead to the throw-away servers, not to the checkout's."""
    with psycopg.connect(os.environ["MONOLITH_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_database(), current_setting('fsync')").fetchone() == (
            "monolith",
            "off",
        )
    assert client.from_url(os.environ["VALKEY_URL"]).ping()


def test_fresh_databases_are_empty_and_distinct(fresh_database: Callable[[str], str]) -> None:
    """Two fresh databases of one role share nothing."""
    first, second = fresh_database("users"), fresh_database("users")
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE mine ()")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
