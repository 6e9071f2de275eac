"""The embedded servers are kept running while a platform runs."""

import signal
import threading
from collections.abc import Callable

import psycopg

from chassis.embedded import Cluster
from chassis.supervisor import Event
from migrations_tools.platform.watch import Watch


def test_a_killed_postgres_is_started_again(own_cluster: Callable[..., Cluster]) -> None:
    """kill -9 of the postmaster: it is back at the same address without anybody's doing, and the event says
    so."""
    cluster = own_cluster(databases=["users"])
    url, told = cluster.url("users"), threading.Event()
    events: list[Event] = []

    def report(event: Event) -> None:
        events.append(event)
        told.set()

    watch = Watch([cluster], report)
    watch.start()
    try:
        assert cluster.process is not None
        cluster.process.send(signal.SIGKILL)
        assert told.wait(60)
    finally:
        watch.stop()
    assert events[0].text == "PostgreSQL was gone, and was started again"
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
