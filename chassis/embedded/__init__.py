"""Real servers from wheels, for a machine where nothing is installed: PostgreSQL 18 and Valkey 9.

    cluster = Cluster(Path("var/postgres"), databases=["users"])
    cluster.start(); cluster.url("users"); cluster.stop()

They stay up as daemons until they are stopped. Refuses: other machines (127.0.0.1 only), users without a
password, root.
"""

from chassis.embedded.cluster import Cluster
from chassis.embedded.server import ServerError
from chassis.embedded.valkey import ValkeyServer

__all__ = ["Cluster", "ServerError", "ValkeyServer"]
