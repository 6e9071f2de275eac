"""The servers that belong to a `var/` folder: which there are, and which databases the cluster holds."""

from pathlib import Path

from chassis.embedded.cluster import Cluster
from chassis.embedded.valkey import ValkeyServer

DATABASES = ("monolith", "control", "users")


def cluster(var: Path) -> Cluster:
    """The PostgreSQL under `var`, with a database and a role for each context."""
    return Cluster(var / "postgres", databases=DATABASES, record=var / "run" / "postgres.json")


def valkey(var: Path) -> ValkeyServer:
    """The Valkey under `var`."""
    return ValkeyServer(var / "valkey", record=var / "run" / "valkey.json")
