"""One test run: a folder in the temporary directory, and in it a throw-away cluster and one Valkey per
worker.

Nothing of the checkout's `var/` is touched. The addresses are fixed before anything starts, since Django
reads its settings first; the servers start when a test first asks for them, so that a run of pure tests costs
nothing.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from chassis import processes, records
from chassis.embedded import Cluster, ValkeyServer
from chassis.embedded.installed import DATABASES
from chassis.processes import Process

VARIABLE = "BANYAN_TEST_RUN"
_PREFIX = "banyan-test-"


_ADDRESSES = (*(f"{name.upper()}_DATABASE_URL" for name in DATABASES), "VALKEY_URL")


def without_servers() -> dict[str, str]:
    """The environment without the addresses of a run's servers: whoever is started with it starts its own."""
    return {name: value for name, value in os.environ.items() if name not in _ADDRESSES}


@dataclass(frozen=True)
class Run:
    """A run and its servers; every worker of the run sees the same cluster."""

    folder: Path

    @property
    def cluster(self) -> Cluster:
        """The cluster of the run, without fsync."""
        return Cluster(self.folder / "postgres", durable=False, databases=DATABASES)

    def valkey(self, worker: str) -> ValkeyServer:
        """The Valkey of one worker."""
        return ValkeyServer(self.folder / f"valkey-{worker}", durable=False)

    def environment(self, worker: str) -> dict[str, str]:
        """What chassis.env reads, for this worker; the ports are reserved, nothing is started."""
        cluster, valkey = self.cluster, self.valkey(worker)
        cluster.reserve_port()
        valkey.reserve_port()
        urls = {f"{name.upper()}_DATABASE_URL": cluster.url(name) for name in DATABASES}
        return {**urls, "VALKEY_URL": valkey.url(), "BANYAN_VAR": str(self.folder / worker)}

    def start_cluster(self) -> Cluster:
        """The running cluster, on the port that the environment names; its roles may create databases."""
        cluster = self.cluster
        promised = cluster.port
        with records.locked(self.folder / "set-up"):
            cluster.start()
            for role in DATABASES:
                cluster.allow_making_databases(role)
        assert cluster.port == promised, "another program took the reserved port; run the tests again"
        return cluster

    def remove(self) -> None:
        """Stop all of it and delete the folder."""
        if (self.folder / "postgres").exists():
            self.cluster.destroy()
        for path in self.folder.glob("valkey-*"):
            ValkeyServer(path).destroy()
        shutil.rmtree(self.folder, ignore_errors=True)


def begin() -> Run:
    """A run that belongs to this process."""
    run = Run(Path(tempfile.mkdtemp(prefix=_PREFIX)))
    me = processes.find(os.getpid())
    assert me is not None
    records.write(run.folder / "owner.json", {"pid": me.pid, "birth": me.birth})
    os.environ[VARIABLE] = str(run.folder)
    return run


def current() -> Run:
    """The run that this process takes part in."""
    return Run(Path(os.environ[VARIABLE]))


def sweep() -> None:
    """Remove what runs left behind that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = records.read(folder / "owner.json") if os.access(folder, os.W_OK) else None
        if owner and not Process(owner["pid"], owner["birth"]).alive:
            Run(folder).remove()
