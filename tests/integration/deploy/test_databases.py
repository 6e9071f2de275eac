"""deploy/compose/databases.sh makes the same closed databases as the embedded cluster."""

import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from chassis.embedded import Cluster, home

_SCRIPT = Path(__file__).parents[3] / "deploy" / "compose" / "databases.sh"


def test_no_role_reaches_another_s_database(own_cluster: Callable[..., Cluster]) -> None:
    """For every pair of contexts: in its own database, out of the other's."""
    cluster = own_cluster()
    superuser = psycopg.conninfo.conninfo_to_dict(cluster.superuser_url())
    programs = home.locate(cluster.path).programs
    environment = {
        "PATH": f"{programs}:{os.defpath}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.port),
        "PGPASSWORD": str(superuser["password"]),
        "POSTGRES_USER": "postgres",
        "BANYAN_DATABASE_PASSWORD": "it's",
    }
    subprocess.run([str(_SCRIPT)], env=environment, check=True, capture_output=True)
    for role, database in itertools.product(("monolith", "control", "users"), repeat=2):
        address = {"host": "127.0.0.1", "port": cluster.port, "user": role, "password": "it's", "dbname": database}
        if role == database:
            psycopg.connect(**address).close()  # type: ignore[arg-type]
        else:
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(**address)  # type: ignore[arg-type]
