"""The embedded PostgreSQL: one server per folder, closed databases, and a start after whatever happened
before."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from chassis import ports, processes, records
from chassis.embedded import Cluster

_CONTEXTS = ("monolith", "control", "users")
_START = """
import sys
import time
from pathlib import Path
from chassis.embedded import Cluster
cluster = Cluster(Path(sys.argv[1]), durable=False, databases=sys.argv[2:])
cluster.start()
print(cluster.process.pid)
"""
_ROOT = Path(__file__).parents[3]
MakeCluster = Callable[..., Cluster]


def ask(url: str, query: str) -> object:
    """The one value that a query yields."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


def postmaster(cluster: Cluster) -> int:
    """The running server's pid."""
    assert cluster.process is not None
    return cluster.process.pid


def kill_postmaster(cluster: Cluster) -> None:
    """kill -9, without a chance to tell anybody."""
    process = cluster.process
    assert process is not None
    process.send(signal.SIGKILL)
    assert process.gone_within(10)


def test_no_role_reaches_another_s_database(cluster: Cluster) -> None:
    """For every pair: a role connects to its own database, and to no other, `postgres` and `template1`
    included."""
    closed = Cluster(cluster.path, durable=False)
    for name in ("alpha", "beta", "gamma"):
        closed.create_database(name)
    names = ("alpha", "beta", "gamma", *_CONTEXTS)
    for role, database in itertools.product(("alpha", "beta", "gamma"), (*names, "postgres", "template1")):
        if role == database:
            assert ask(closed.url(database, role), "SELECT current_user") == role
        else:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                ask(closed.url(database, role), "SELECT 1")


def test_a_password_is_asked_for(cluster: Cluster) -> None:
    """Nobody gets in without a password, or with another role's."""
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        ask(f"postgres://users@127.0.0.1:{cluster.port}/users", "SELECT 1")
    stolen = cluster.url("users").replace("//users:", "//monolith:").replace("/users", "/monolith")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(stolen, "SELECT 1")


def test_a_role_is_no_superuser(own_cluster: MakeCluster) -> None:
    """What a context may do: its own database, nothing else."""
    cluster = own_cluster(databases=["users"])
    query = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = current_user"
    assert ask(cluster.url("users"), query) is False


def test_a_second_start_finds_the_first(own_cluster: MakeCluster) -> None:
    """Starting what runs changes nothing: same process, same port."""
    cluster = own_cluster()
    again = Cluster(cluster.path, durable=False)
    pid, port = postmaster(cluster), cluster.port
    again.start()
    assert (postmaster(again), again.port) == (pid, port)


def test_stop_and_start_keep_data_and_port(own_cluster: MakeCluster) -> None:
    """A clean stop leaves nothing running; the next start has the same data on the same port."""
    cluster = own_cluster(databases=["users"], durable=True)
    with psycopg.connect(cluster.url("users")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    port = cluster.port
    cluster.stop()
    assert cluster.process is None
    assert processes.working_in(cluster.path / "data", "postgres") == []
    cluster.start()
    assert cluster.port == port
    assert ask(cluster.url("users"), "SELECT answer FROM kept") == 42


def test_a_taken_port_is_exchanged(own_cluster: MakeCluster) -> None:
    """When another program sits on the old port, the server comes up on another one, and says so."""
    cluster = own_cluster(databases=["users"])
    port = cluster.port
    cluster.stop()

    with socket.create_server((ports.LOOPBACK, port)):
        cluster.start()
        assert cluster.port != port
        assert ask(cluster.url("users"), "SELECT 1") == 1


def test_kill_9_of_the_postmaster_loses_nothing_committed(own_cluster: MakeCluster) -> None:
    """With a backend in the middle of a statement that never looks up: the second start works, and has every
    commit."""
    cluster = own_cluster(databases=["users"], durable=True)
    with psycopg.connect(cluster.url("users")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    busy = psycopg.connect(cluster.superuser_url("users"))
    busy.execute("CREATE TABLE lost (x int)")
    busy.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")
    backend = processes.find(busy.info.backend_pid)
    assert backend is not None
    kill_postmaster(cluster)
    assert backend.alive, "the busy backend outlives its postmaster: this is what the start has to cope with"
    cluster.start()
    assert not backend.alive
    assert ask(cluster.url("users"), "SELECT answer FROM kept") == 42
    assert ask(cluster.url("users"), "SELECT to_regclass('lost')") is None


@pytest.mark.parametrize("stranger", ["zombie", "living"])
def test_a_stale_pid_file_does_not_block(own_cluster: MakeCluster, stranger: str) -> None:
    """The old postmaster's number belongs to a zombie, or to somebody else, when the server is started
    again."""
    cluster = own_cluster()
    kill_postmaster(cluster)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        if stranger == "zombie":
            other.kill()
            os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        pid_file = cluster.path / "data" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(other.pid), *lines[1:], ""]))
        records.write(cluster.path / "server.json", {"port": cluster.port, "pid": other.pid, "birth": "earlier"})
        cluster.start()
        assert ask(cluster.superuser_url(), "SELECT 1") == 1
        other.kill()


def test_a_server_that_nobody_recorded_is_replaced(own_cluster: MakeCluster) -> None:
    """Its starter was killed between the start and the record: the next start does not run into it."""
    cluster = own_cluster()
    unrecorded = cluster.process
    assert unrecorded is not None
    records.write(cluster.path / "server.json", {"port": cluster.port})
    cluster.start()
    assert not unrecorded.alive
    assert ask(cluster.superuser_url(), "SELECT 1") == 1


def test_an_initdb_that_was_killed_is_done_again(tmp_path: Path) -> None:
    """Half a data folder is thrown away, not served."""
    cluster = Cluster(tmp_path / "cluster", durable=False)
    (cluster.path / "data.new").mkdir(parents=True)
    (cluster.path / "data.new" / "PG_VERSION").write_text("18\n")
    try:
        cluster.start()
        assert ask(cluster.superuser_url(), "SELECT 1") == 1
    finally:
        cluster.destroy()


def test_two_starts_at_once_give_one_server(tmp_path: Path) -> None:
    """Four processes start the same new cluster at the same moment; all find one postmaster."""
    command = [sys.executable, "-c", _START, str(tmp_path / "cluster"), "users", "monolith"]
    starters = [subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    pids = {starter.communicate(timeout=120)[0].strip() for starter in starters}
    cluster = Cluster(tmp_path / "cluster", durable=False)
    try:
        assert [starter.returncode for starter in starters] == [0] * 4
        assert pids == {str(postmaster(cluster))}
        assert ask(cluster.url("users"), "SELECT current_database()") == "users"
    finally:
        cluster.destroy()


def test_databases_and_rights_are_made_one_after_another(own_cluster: MakeCluster) -> None:
    """Two programs that set up the same role at once would meet "tuple concurrently updated"."""
    cluster = own_cluster(databases=["alpha"])
    makers = [lambda: cluster.create_database("alpha"), lambda: cluster.allow_making_databases("alpha")]
    with ThreadPoolExecutor() as pool:
        for made in [pool.submit(maker) for maker in makers * 20]:
            made.result()


def test_two_checkouts_live_side_by_side(own_cluster: MakeCluster) -> None:
    """Two folders, two servers, two ports; stopping one leaves the other."""
    one, two = own_cluster(databases=["users"]), own_cluster(databases=["users"])
    assert one.port != two.port
    with pytest.raises(psycopg.OperationalError):
        ask(one.url("users").replace(str(one.port), str(two.port)), "SELECT 1")
    one.stop()
    assert ask(two.url("users"), "SELECT 1") == 1


def test_secrets_are_private(own_cluster: MakeCluster) -> None:
    """Passwords are readable by their owner alone, and on no command line."""
    cluster = own_cluster(databases=["users"])
    files = list((cluster.path / "passwords").iterdir())
    assert {file.name for file in files} == {"postgres", "users"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    arguments = Path(f"/proc/{postmaster(cluster)}/cmdline").read_text()
    assert not any(file.read_text() in arguments for file in files)


def test_the_running_check_is_cheap(own_cluster: MakeCluster) -> None:
    """Every command goes through it, so a start of what runs costs less than 20 ms."""

    cluster = own_cluster(databases=["users"])
    began = time.monotonic()
    for _ in range(10):
        Cluster(cluster.path, databases=["users"]).start()
    assert (time.monotonic() - began) / 10 < 0.02


def test_safety_is_on_unless_asked_otherwise(own_cluster: MakeCluster) -> None:
    """A cluster that is not declared a throw-away one survives a power cut."""
    cluster = own_cluster(durable=True)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(cluster.superuser_url(), f"SELECT current_setting('{setting}')") == "on"
