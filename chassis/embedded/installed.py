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


def stop(var: Path, *, destroy: bool = False) -> list[str]:
    """Stop the servers under `var`, and delete their files when asked to; the names of those that exist
    there."""
    servers = [server for server in (cluster(var), valkey(var)) if server.path.exists()]
    for server in servers:
        if destroy:
            server.destroy()
        else:
            server.stop()
    return [server.title for server in servers]
